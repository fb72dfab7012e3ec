//! Google's tongue in yardsticks: both protocols, and what costs more than a seal.

use super::{Bench, CONNECTIONS, Product, first, folder};
use crate::google::{Site, Use, Wire};
use crate::measure::{Measured, median};
use crate::report::Goal;
use crate::{Outcome, load, primitive};
use aws_lc_rs::rsa::KeySize;
use std::time::Duration;

/// Bytes of an encapsulation by ML-KEM-768 (FIPS 203, table 3).
const ML_KEM_768_BYTES: usize = 1_088;

/// What the server may take for an operation.
enum Limit {
    /// So many yardsticks.
    Yardsticks(f64),
    /// So many times the primitive.
    Primitives(f64, f64),
    /// The primitive and so many yardsticks.
    Beyond(f64, f64),
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

    /// One run of each in turns, and the medians.
    async fn google_runs(
        &mut self,
        site: &Site,
        trials: &[(String, Wire, &str, Use)],
    ) -> Outcome<(f64, Vec<Measured>)> {
        let mut runs = vec![Vec::new(); trials.len()];
        let mut bare = Vec::new();
        for _ in 0..self.args.rounds.max(1) {
            let args = crate::LoadArgs { seconds: self.args.seconds, ..self.yardstick.args.clone() };
            bare.push(load::drive(&args, self.yardstick.keys.clone()).await?);
            for ((_, wire, key, wanted), runs) in trials.iter().zip(&mut runs) {
                runs.push(site.drive(*wire, key, wanted, self.args.seconds).await?);
            }
        }
        let medians: Vec<_> = runs.into_iter().map(median).collect();
        let bare = median(bare);
        self.report.run("yardstick", &bare);
        for ((name, ..), measured) in trials.iter().zip(&medians) {
            self.report.run(name.clone(), measured);
        }
        Ok((bare.processor_us, medians))
    }

    async fn google_seals(&mut self, site: &Site) -> Outcome<()> {
        let key = site.create_key("seals", "ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION").await?;
        let mut trials = Vec::new();
        for wire in [Wire::Grpc, Wire::Rest] {
            for wanted in [Use::Encrypt, Use::Decrypt] {
                trials.push((format!("{wire:?} {wanted:?}, {CONNECTIONS} at once"), wire, key.as_str(), wanted));
            }
        }
        let (bare, medians) = self.google_runs(site, &trials).await?;
        for ((name, ..), measured) in trials.iter().zip(medians) {
            let name = format!("{name}: processor time, yardsticks");
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
            let trial = [(format!("Grpc {algorithm}"), Wire::Grpc, key.as_str(), wanted)];
            let (bare, medians) = self.google_runs(site, &trial).await?;
            let spent = first(&medians).processor_us;
            let (what, value, max) = match limit {
                Yardsticks(max) => ("yardsticks", spent / bare, max),
                Primitives(alone, max) => ("primitives", spent / alone, max),
                Beyond(alone, max) => ("yardsticks beyond the primitive", (spent - alone) / bare, max),
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
