//! The product under measurement, through its command line and its wire only.

use crate::client::{Client, Target};
use crate::load::Operation;
use crate::process::Server;
use crate::{LoadArgs, Outcome};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A start that takes longer has failed.
const START_TIME_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Product {
    pub(crate) server: Server,
    pub(crate) args: LoadArgs,
    pub(crate) started_in: Duration,
}

impl Product {
    /// Starts `keyward dev` on a folder and waits for its first answer.
    pub(crate) async fn start(binary: &Path, data: &Path) -> Outcome<Self> {
        let begun = Instant::now();
        let mut command = Command::new(binary);
        command.arg("dev").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
        let mut server = Server::start(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
        loop {
            if server.ended() {
                return Err("the product ended at once; start it by hand to see why".into());
            }
            if let Some(args) = environment(binary, data)
                && Client::connect(&Target::new(&args)?).await.is_ok()
            {
                let args = LoadArgs { server_pid: Some(server.pid()), ..args };
                return Ok(Self { server, args, started_in: begun.elapsed() });
            }
            if begun.elapsed() > START_TIME_MAX {
                return Err("the product does not answer".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn client(&self) -> Outcome<Client> {
        Client::connect(&Target::new(&self.args)?).await
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server.pid()
    }
}

/// What `keyward env` prints, once the service runs.
fn environment(binary: &Path, data: &Path) -> Option<LoadArgs> {
    let output = Command::new(binary).arg("env").arg("--data").arg(data).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let set: HashMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("export ").split_once('='))
        .map(|(name, value)| (name, value.trim_end_matches(';').trim_matches(['"', '\''])))
        .collect();
    let get = |name: &str| set.get(name).map(|value| (*value).to_owned());
    Some(LoadArgs {
        url: get("AWS_ENDPOINT_URL_KMS")?,
        ca: PathBuf::from(get("AWS_CA_BUNDLE")?),
        access_key: get("AWS_ACCESS_KEY_ID")?,
        secret: get("AWS_SECRET_ACCESS_KEY")?,
        region: get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION"))?,
        connections: 64,
        seconds: 5.0,
        operation: Operation::Encrypt,
        key_id: String::new(),
        keys_file: None,
        context: None,
        server_pid: None,
    })
}

/// Makes a key and returns its id.
pub(crate) async fn create_key(client: &mut Client) -> Outcome<String> {
    Ok(made(client).await?.0)
}

/// Id and account of a fresh key.
async fn made(client: &mut Client) -> Outcome<(String, String)> {
    let answer = client.must("CreateKey", "{}").await?;
    let field = |path: &str| answer.pointer(path).and_then(Value::as_str).map(str::to_owned).ok_or("no key metadata");
    Ok((field("/KeyMetadata/KeyId")?, field("/KeyMetadata/AWSAccountId")?))
}

/// A key that only a request with `purpose=bench` in its encryption context may use.
pub(crate) async fn create_conditional_key(client: &mut Client) -> Outcome<String> {
    let (key, account) = made(client).await?;
    let root = json!({"AWS": format!("arn:aws:iam::{account}:root")});
    let administer = json!({
        "Sid": "Administer", "Effect": "Allow", "Principal": root, "Resource": "*",
        "Action": ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Get*",
            "kms:ScheduleKeyDeletion", "kms:Encrypt", "kms:Decrypt"]
    });
    let other = json!({
        "Sid": "OtherContext", "Effect": "Deny", "Principal": "*", "Resource": "*", "Action": ["kms:Encrypt", "kms:Decrypt"],
        "Condition": {"StringNotEquals": {"kms:EncryptionContext:purpose": "bench"}}
    });
    put_policy(client, &key, &[administer, other]).await?;
    Ok(key)
}

/// Statements on keys that the load does not touch.
pub(crate) async fn create_statements_elsewhere(client: &mut Client, count: usize) -> Outcome<()> {
    const PER_KEY: usize = 20;
    for _ in 0..count.div_ceil(PER_KEY) {
        let (key, account) = made(client).await?;
        let root = json!({"AWS": format!("arn:aws:iam::{account}:root")});
        let statements: Vec<_> = (0..PER_KEY)
            .map(|at| {
                json!({"Sid": format!("S{at}"), "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"})
            })
            .collect();
        put_policy(client, &key, &statements).await?;
    }
    Ok(())
}

async fn put_policy(client: &mut Client, key: &str, statements: &[Value]) -> Outcome<()> {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let body =
        json!({"KeyId": key, "PolicyName": "default", "Policy": document, "BypassPolicyLockoutSafetyCheck": true});
    client.must("PutKeyPolicy", &body.to_string()).await?;
    Ok(())
}

/// Up to `count` ids of keys that are there.
pub(crate) async fn list_keys(client: &mut Client, count: usize) -> Outcome<Vec<String>> {
    let mut keys = Vec::new();
    let mut marker = None;
    while keys.len() < count {
        let body = match marker.take() {
            Some(marker) => json!({"Limit": 1000, "Marker": marker}),
            None => json!({"Limit": 1000}),
        };
        let answer = client.must("ListKeys", &body.to_string()).await?;
        let page = answer.get("Keys").and_then(Value::as_array).ok_or("no keys")?;
        keys.extend(page.iter().filter_map(|key| key.get("KeyId")?.as_str()).map(str::to_owned));
        if answer.get("Truncated") != Some(&Value::Bool(true)) {
            break;
        }
        marker = answer.get("NextMarker").cloned();
    }
    keys.truncate(count);
    Ok(keys)
}
