# The steps of .ci/run, one by one. `just` lists them.

default:
    @just --list

# What CI runs.
ci:
    bash .ci/run

# The README's test command.
test:
    cargo test --workspace

fmt:
    cargo fmt --all --check

lint:
    cargo clippy --workspace --all-targets -- -D warnings

docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# The documentation as a site, in both languages: target/site.
site:
    cargo build -p lmr-cli
    for listener in receiver outlet; do cargo run --quiet -p lmr-server --example openapi -- $listener > target/openapi-$listener.json; done
    scripts/site target/debug/lmr target/openapi-receiver.json target/openapi-outlet.json

# The words that docs/words.md gives up.
words:
    scripts/check-words

# Borders, licences, sources (needs cargo-deny).
deny:
    cargo deny check bans licenses sources

# The tests against the material beside the checkout.
conformance shared="../shared":
    LMR_SHARED="$(realpath {{shared}})" cargo test --workspace --test all -- conformance_ --nocapture

# The whole chain on this machine.
demo:
    cargo run --profile quick -- demo --once

# Makes the embedded R4 core again and compares.
definitions:
    scripts/regenerate-definitions --check

# Every fuzz target for so many seconds.
fuzz seconds="20":
    scripts/fuzz {{seconds}}

# Changes the code in one place at a time and looks for what no test notices.
mutants *groups:
    nice -n 10 scripts/mutants {{groups}}

# All Linux packages and the container, into target/packages.
package: (_package "all")
package-deb: (_package "deb")
package-rpm: (_package "rpm")
package-tar: (_package "tar")
package-container: (_package "container")
# The program for Windows as a .zip (needs mingw-w64).
package-windows: (_package "windows")
_package kind:
    scripts/package {{kind}}

# Installs, uses, upgrades and removes the packages in a Debian of their own (as root).
package-test:
    scripts/package-test

# Tries the program for Windows under Wine.
windows-test program="target/x86_64-pc-windows-gnu/release/lmr.exe":
    scripts/windows-test {{program}}

# Builds the program and a package twice, in two clones, and compares the bytes.
reproducible *revision:
    scripts/reproducible {{revision}}
