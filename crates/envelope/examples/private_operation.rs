//! Prints the milliseconds of processor time of one bare RSA private operation (OAEP, SHA-256), the one that opening a
//! message cannot do without: `private_operation [BITS] [TIMES]`, 3072 and 300. Linux only. `bench/receive/run.py` runs it
//! beside a receiver.
#![expect(
    clippy::print_stdout,
    reason = "a measurement reads its own processor time and prints it"
)]

use std::error::Error;
use std::hint::black_box;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey,
};

/// Nanoseconds that this thread has run.
fn processor_time() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().ok_or("schedstat is empty")?.parse()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let size = match arguments.next().as_deref() {
        None | Some("3072") => KeySize::Rsa3072,
        Some("2048") => KeySize::Rsa2048,
        Some("4096") => KeySize::Rsa4096,
        Some(other) => return Err(format!("no such size: {other}").into()),
    };
    let times: u32 = arguments.next().map_or(Ok(300), |text| text.parse())?;
    let key = PrivateDecryptingKey::generate(size)?;
    let public = OaepPublicEncryptingKey::new(key.public_key())?;
    let mut sealed = vec![0; public.ciphertext_size()];
    public.encrypt(&OAEP_SHA256_MGF1SHA256, &[7; 32], &mut sealed, None)?;
    // Read from its bytes, as a receiver's key is.
    let key = PrivateDecryptingKey::from_pkcs8(key.as_der()?.as_ref())?;
    let key = OaepPrivateDecryptingKey::new(key)?;
    let mut opened = vec![0; key.min_output_size()];
    let mut operate = |times: u32| -> Result<(), Box<dyn Error>> {
        for _ in 0..times {
            black_box(key.decrypt(&OAEP_SHA256_MGF1SHA256, &sealed, &mut opened, None)?);
        }
        Ok(())
    };
    operate(times / 10 + 1)?;
    let before = processor_time()?;
    operate(times)?;
    let used = processor_time()? - before;
    println!("{:.4}", used as f64 / 1e6 / f64::from(times));
    Ok(())
}
