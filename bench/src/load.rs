//! The closed loop.

use crate::client::{Client, Target};
use crate::measure::{Measured, Tally};
use crate::process::processor_time;
use crate::{FillArgs, LoadArgs, Outcome};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Bytes that are sealed in each request.
const PLAINTEXT_BYTES: usize = 64;
/// Requests flow this long before they count.
const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Operation {
    Encrypt,
    Decrypt,
    CreateKey,
    /// A change: another value of a tag, of a key that no other connection changes if there are as many.
    TagResource,
}

const WARMING: u8 = 0;
const COUNTING: u8 = 1;
const OVER: u8 = 2;

pub(crate) async fn run(args: LoadArgs) -> Outcome<()> {
    let keys = match &args.keys_file {
        Some(file) => std::fs::read_to_string(file)?.lines().map(str::to_owned).collect(),
        None => vec![args.key_id.clone()],
    };
    let measured = drive(&args, keys.into()).await?;
    println!("{}", serde_json::to_string_pretty(&measured)?);
    Ok(())
}

/// Sends so many requests over all connections; each must be answered.
pub(crate) async fn fill(args: FillArgs) -> Outcome<()> {
    let target = Target::new(&args.load)?;
    let left = Arc::new(AtomicUsize::new(args.requests));
    let keys: Arc<[String]> = vec![args.load.key_id.clone()].into();
    let mut tasks = Vec::new();
    for number in 0..args.load.connections {
        let mut client = Client::connect(&target).await?;
        let (mut bodies, left) = (Bodies::prepare(&args.load, &keys, number, &mut client).await?, Arc::clone(&left));
        tasks.push(tokio::spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                let (operation, body) = bodies.next();
                client.must(operation, &body).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Sends signed requests over all connections for the whole time, and reads the server's processor time meanwhile.
pub(crate) async fn drive(args: &LoadArgs, keys: Arc<[String]>) -> Outcome<Measured> {
    let target = Target::new(args)?;
    let mut callers = Vec::new();
    for number in 0..args.connections {
        let mut client = Client::connect(&target).await?;
        let bodies = Bodies::prepare(args, &keys, number, &mut client).await?;
        callers.push(Signed { client, bodies });
    }
    drive_all(callers, args.seconds, args.server_pid).await
}

/// One who sends a request once the last is answered.
pub(crate) trait Caller: Send + 'static {
    /// Sends the next request. The status is HTTP's; whoever calls otherwise says 200 of what went well.
    fn once(&mut self) -> impl Future<Output = Outcome<(u16, &[u8])>> + Send;
}

struct Signed {
    client: Client,
    bodies: Bodies,
}

impl Caller for Signed {
    async fn once(&mut self) -> Outcome<(u16, &[u8])> {
        let (operation, body) = self.bodies.next();
        self.client.call(operation, &body).await
    }
}

/// Lets all callers send for the whole time, and reads the server's processor time meanwhile.
pub(crate) async fn drive_all<C: Caller>(callers: Vec<C>, seconds: f64, server: Option<u32>) -> Outcome<Measured> {
    let stage = Arc::new(AtomicU8::new(WARMING));
    let tasks: Vec<_> = callers.into_iter().map(|caller| tokio::spawn(repeat(caller, stage.clone()))).collect();
    tokio::time::sleep(WARM_UP).await;
    let before = server.map(processor_time).transpose()?;
    let begun = Instant::now();
    stage.store(COUNTING, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    stage.store(OVER, Ordering::Relaxed);
    let lasted = begun.elapsed();
    let after = server.map(processor_time).transpose()?;
    let mut tally = Tally::default();
    for task in tasks {
        tally.add(task.await??);
    }
    let processor = before.zip(after).map(|(before, after)| after.saturating_sub(before));
    Ok(tally.measured(lasted, processor))
}

async fn repeat<C: Caller>(mut caller: C, stage: Arc<AtomicU8>) -> Outcome<Tally> {
    let mut tally = Tally::default();
    while stage.load(Ordering::Relaxed) != OVER {
        let begun = Instant::now();
        let (status, answer) = caller.once().await?;
        if stage.load(Ordering::Relaxed) == COUNTING {
            tally.count(begun.elapsed(), status, answer);
        }
    }
    Ok(tally)
}

/// What one connection sends, each time something else.
struct Bodies {
    operation: Operation,
    keys: Arc<[String]>,
    context: String,
    sealed: Vec<String>,
    turn: u64,
}

impl Bodies {
    async fn prepare(args: &LoadArgs, keys: &Arc<[String]>, number: usize, client: &mut Client) -> Outcome<Self> {
        let context = match args.context.as_deref().and_then(|it| it.split_once('=')) {
            Some((name, value)) => format!(",\"EncryptionContext\":{{\"{name}\":\"{value}\"}}"),
            None => String::new(),
        };
        // Each connection walks over the keys from another place.
        let turn = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let own = keys.get(number % keys.len().max(1)).cloned().into_iter().collect();
        let keys = if args.operation == Operation::TagResource { own } else { keys.clone() };
        // What is opened must be sealed first.
        let operation = if args.operation == Operation::Decrypt { Operation::Encrypt } else { args.operation };
        let mut this = Self { operation, keys, context, sealed: Vec::new(), turn };
        if args.operation == Operation::Decrypt {
            for _ in 0..8 {
                let (operation, body) = this.next();
                let answer = client.must(operation, &body).await?;
                let sealed = answer.get("CiphertextBlob").and_then(|it| it.as_str()).ok_or("no ciphertext")?;
                this.sealed.push(sealed.to_owned());
            }
            this.operation = Operation::Decrypt;
        }
        Ok(this)
    }

    fn next(&mut self) -> (&'static str, String) {
        self.turn = self.turn.wrapping_add(1);
        let pick = |count: usize| usize::try_from(self.turn % count.max(1) as u64).unwrap_or_default();
        match self.operation {
            Operation::CreateKey => ("CreateKey", "{}".to_owned()),
            Operation::TagResource => {
                let (key, value) = (self.keys.first().map(String::as_str).unwrap_or_default(), self.turn);
                let body =
                    format!("{{\"KeyId\":\"{key}\",\"Tags\":[{{\"TagKey\":\"turn\",\"TagValue\":\"{value}\"}}]}}");
                ("TagResource", body)
            }
            Operation::Encrypt => {
                let mut plaintext = [b'p'; PLAINTEXT_BYTES];
                if let Some(front) = plaintext.first_chunk_mut::<8>() {
                    *front = self.turn.to_be_bytes();
                }
                let key = self.keys.get(pick(self.keys.len())).map(String::as_str).unwrap_or_default();
                let text = STANDARD.encode(plaintext);
                ("Encrypt", format!("{{\"KeyId\":\"{key}\",\"Plaintext\":\"{text}\"{}}}", self.context))
            }
            Operation::Decrypt => {
                let sealed = self.sealed.get(pick(self.sealed.len())).map(String::as_str).unwrap_or_default();
                ("Decrypt", format!("{{\"CiphertextBlob\":\"{sealed}\"{}}}", self.context))
            }
        }
    }
}
