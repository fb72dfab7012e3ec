//! Google's tongue in yardsticks: both protocols, and what costs more than a seal.

use super::{Bench, CONNECTIONS, Product, Trial, Work, first, folder, last};
use crate::Outcome;
use crate::google::{Site, Use, Wire};
use crate::measure::Measured;
use crate::primitive::{self, Primitive};
use crate::report::Goal;
use aws_lc_rs::rsa::KeySize;
use std::time::Duration;

/// Bytes of an encapsulation by ML-KEM-768 (FIPS 203, table 3).
const ML_KEM_768_BYTES: usize = 1_088;

/// What the server may take for an operation.
enum Limit {
    /// So many yardsticks.
    Yardsticks(f64),
    /// So many times the primitive.
    Primitives(Primitive, f64),
    /// The primitive and so many yardsticks.
    Beyond(Primitive, f64),
}

/// What is asked for of a key, and by which protocol.
#[derive(Clone)]
pub(super) struct Asked {
    site: Site,
    wire: Wire,
    key: String,
    wanted: Use,
}

impl Asked {
    pub(super) async fn drive(&self, seconds: f64) -> Outcome<Measured> {
        self.site.drive(self.wire, &self.key, &self.wanted, seconds).await
    }
}

fn trial(name: String, site: &Site, wire: Wire, key: &str, wanted: Use) -> Trial {
    Trial { name, work: Work::Google(Asked { site: site.clone(), wire, key: key.to_owned(), wanted }) }
}

impl Bench {
    pub(super) async fn google(&mut self) -> Outcome<()> {
        let data = folder(&self.args.disk, "google")?;
        self.folders.push(data.clone());
        let product = Product::start(&self.args.product, &data).await?;
        let site = Site::prepare(&self.args.product, &data, &product).await?;
        self.google_seals(&site).await?;
        self.google_private(&site).await?;
        self.google_generation(&site).await
    }

    async fn google_seals(&mut self, site: &Site) -> Outcome<()> {
        let key = site.create_key("seals", "ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION").await?;
        let mut trials = vec![self.yardstick.clone()];
        for wire in [Wire::Grpc, Wire::Rest] {
            for wanted in [Use::Encrypt, Use::Decrypt] {
                let name = format!("{wire:?} {wanted:?}, {CONNECTIONS} at once");
                trials.push(trial(name, site, wire, &key, wanted));
            }
        }
        let medians = self.measure(&trials).await?;
        let bare = first(&medians).processor_us;
        for (trial, measured) in trials.iter().zip(&medians).skip(1) {
            let name = format!("{}: processor time, yardsticks", trial.name);
            self.report.figure(name, measured.processor_us / bare, "x", Goal::AtMost(2.0));
        }
        Ok(())
    }

    async fn google_private(&mut self, site: &Site) -> Outcome<()> {
        use Limit::{Beyond, Primitives, Yardsticks};
        let sign = "ASYMMETRIC_SIGN";
        let cases = [
            ("EC_SIGN_P256_SHA256", sign, Use::SignDigest, Yardsticks(2.5)),
            ("EC_SIGN_ED25519", sign, Use::SignData, Yardsticks(2.5)),
            ("RSA_SIGN_PKCS1_2048_SHA256", sign, Use::SignDigest, Beyond(primitive::rsa_sign(KeySize::Rsa2048)?, 2.0)),
            (
                "RSA_SIGN_PKCS1_3072_SHA256",
                sign,
                Use::SignDigest,
                Primitives(primitive::rsa_sign(KeySize::Rsa3072)?, 1.1),
            ),
            (
                "RSA_SIGN_PKCS1_4096_SHA256",
                sign,
                Use::SignDigest,
                Primitives(primitive::rsa_sign(KeySize::Rsa4096)?, 1.1),
            ),
            ("PQ_SIGN_ML_DSA_65", sign, Use::SignData, Beyond(primitive::ml_dsa_65_sign()?, 2.0)),
            (
                "ML_KEM_768",
                "KEY_ENCAPSULATION",
                Use::Decapsulate(ML_KEM_768_BYTES),
                Beyond(primitive::ml_kem_768_decapsulate()?, 2.0),
            ),
        ];
        for (algorithm, purpose, wanted, limit) in cases {
            let key = site.create_key(algorithm, purpose, algorithm).await?;
            site.wait_for(&key, &wanted).await?;
            let mut trials = vec![self.yardstick.clone()];
            if let Primitives(alone, _) | Beyond(alone, _) = &limit {
                trials.push(Trial { name: format!("{algorithm} alone"), work: Work::Alone(Primitive::clone(alone)) });
            }
            trials.push(trial(format!("Grpc {algorithm}"), site, Wire::Grpc, &key, wanted));
            let medians = self.measure(&trials).await?;
            let (bare, spent) = (first(&medians).processor_us, last(&medians).processor_us);
            let alone = medians.get(1).map_or(0.0, |alone| alone.processor_us);
            let (what, value, max) = match limit {
                Yardsticks(max) => ("yardsticks", spent / bare, max),
                Primitives(_, max) => ("primitives", spent / alone, max),
                Beyond(_, max) => ("yardsticks beyond the primitive", (spent - alone) / bare, max),
            };
            self.report.figure(format!("{algorithm}: processor time, {what}"), value, "x", Goal::AtMost(max));
        }
        Ok(())
    }

    /// How others fare while keys of RSA-4096 are made one after another, and how soon one is ready under full load.
    async fn google_generation(&mut self, site: &Site) -> Outcome<()> {
        let key = site.create_key("meanwhile", "ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION").await?;
        let alone = site.drive(Wire::Grpc, &key, &Use::Encrypt, self.args.seconds).await?;
        let making = tokio::spawn(generate(site.clone()));
        let busy = site.drive(Wire::Grpc, &key, &Use::Encrypt, self.args.seconds.max(15.0)).await?;
        let slowest = making.await??;
        self.report.run("Grpc Encrypt", &alone);
        self.report.run("Grpc Encrypt, while RSA-4096 keys are made", &busy);
        let ratio = f64::from(busy.p99_us) / f64::from(alone.p99_us.max(1));
        self.report.figure("p99 while RSA-4096 keys are made / without", ratio, "x", Goal::AtMost(2.0));
        self.report.figure("RSA-4096: ready under full load", slowest.as_secs_f64(), "s", Goal::AtMost(30.0));
        Ok(())
    }
}

/// Makes keys while the load runs; the longest time until one could be used.
async fn generate(site: Site) -> Outcome<Duration> {
    let mut slowest = Duration::ZERO;
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(12) {
        let id = format!("made-{}", begun.elapsed().as_millis());
        let key = site.create_key(&id, "ASYMMETRIC_SIGN", "RSA_SIGN_PKCS1_4096_SHA256").await?;
        slowest = slowest.max(site.wait_for(&key, &Use::SignDigest).await?);
    }
    Ok(slowest)
}
