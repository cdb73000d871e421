//! Says where the module is that the feature `module` embeds.

fn main() {
    println!("cargo::rerun-if-env-changed=LMR_WEB_MODULE");
    if std::env::var_os("CARGO_FEATURE_MODULE").is_none() {
        return;
    }
    let beside =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/web/lmr.wasm.gz");
    let module = std::env::var_os("LMR_WEB_MODULE").map_or(beside, std::path::PathBuf::from);
    if !module.is_file() {
        println!(
            "cargo::error=the feature `module` embeds {}, which is not there: run scripts/build-web, or let LMR_WEB_MODULE name it",
            module.display()
        );
        return;
    }
    println!("cargo::rerun-if-changed={}", module.display());
    println!("cargo::rustc-env=LMR_WEB_MODULE={}", module.display());
}
