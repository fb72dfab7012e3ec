//! Reads the definitions in `proto/` and writes the messages as Rust, and all of it as descriptors.

use std::path::PathBuf;

const FILES: [&str; 8] = [
    "google/api/http.proto",
    "google/cloud/kms/v1/resources.proto",
    "google/cloud/kms/v1/service.proto",
    "google/cloud/location/locations.proto",
    "google/iam/credentials/v1/iamcredentials.proto",
    "google/iam/v1/iam_policy.proto",
    "google/longrunning/operations.proto",
    "google/rpc/status.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).open_files(FILES)?;
    // This encoding keeps the options that are extensions: how methods are bound to REST.
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    let mut config = prost_build::Config::new();
    // Messages hold plaintexts: nothing prints them.
    config.skip_debug(["."]).btree_map(["."]);
    config.compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
