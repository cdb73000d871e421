//! Says where the module is that the feature `module` embeds.

fn main() {
    println!("cargo::rerun-if-env-changed=LMR_WEB_MODULE");
    if std::env::var_os("CARGO_FEATURE_MODULE").is_none() {
        return;
    }
    let beside =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/web/lmr.wasm.gz");
    let module = std::env::var_os("LMR_WEB_MODULE").map_or(beside, std::path::PathBuf::from);
    // `lmr.wasm.gz` and, beside it, `lmr.wasm.br`.
    for (variable, file) in
        [("LMR_WEB_MODULE", module.clone()), ("LMR_WEB_MODULE_BR", module.with_extension("br"))]
    {
        if !file.is_file() {
            println!(
                "cargo::error=the feature `module` embeds {}, which is not there: run scripts/build-web, or let LMR_WEB_MODULE name the one that ends in .gz",
                file.display()
            );
            return;
        }
        println!("cargo::rerun-if-changed={}", file.display());
        println!("cargo::rustc-env={variable}={}", file.display());
    }
}
