//! A connection of the proxy, with TLS or without, that can be cut and damaged below TLS: between two bytes of a record.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use lmr_sandbox::certificates::KeyAndCertificate;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};
use socket2::SockRef;

/// Bytes before what a record of TLS seals.
pub const RECORD_HEAD: usize = 5;

/// What is done to the bytes of a connection, counted from now on.
#[derive(Clone, Copy, Debug, Default)]
struct Harm {
    /// Written before the connection is reset.
    cut_write: Option<usize>,
    /// Read before it is reset.
    cut_read: Option<usize>,
    /// The byte written that is another one.
    damage: Option<usize>,
}

/// The connection below TLS.
struct Tap {
    tcp: TcpStream,
    harm: Arc<Mutex<Harm>>,
}

fn reset(tcp: &TcpStream) -> io::Error {
    let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
    io::ErrorKind::ConnectionReset.into()
}

impl Read for Tap {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.harm.lock().unwrap_or_else(PoisonError::into_inner).cut_read;
        let room = left.unwrap_or(into.len()).min(into.len());
        if room == 0 && !into.is_empty() {
            return Err(reset(&self.tcp));
        }
        let got = self.tcp.read(&mut into[..room])?;
        let mut harm = self.harm.lock().unwrap_or_else(PoisonError::into_inner);
        harm.cut_read = harm.cut_read.map(|left| left.saturating_sub(got));
        Ok(got)
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut harm = self.harm.lock().unwrap_or_else(PoisonError::into_inner);
        let room = harm.cut_write.unwrap_or(bytes.len()).min(bytes.len());
        if room == 0 && !bytes.is_empty() {
            return Err(reset(&self.tcp));
        }
        let mut bytes = bytes[..room].to_vec();
        if let Some(byte) = harm.damage.and_then(|at| bytes.get_mut(at)) {
            *byte ^= 0x40;
        }
        let done = self.tcp.write(&bytes)?;
        harm.cut_write = harm.cut_write.map(|left| left.saturating_sub(done));
        harm.damage = harm.damage.and_then(|at| at.checked_sub(done));
        Ok(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// A connection to or from the proxy.
pub struct Wire {
    tcp: TcpStream,
    stream: Box<dyn Duplex>,
    harm: Arc<Mutex<Harm>>,
    is_tls: bool,
}

impl Wire {
    pub fn plain(tcp: TcpStream) -> Result<Self> {
        let harm = Arc::new(Mutex::new(Harm::default()));
        let tap = Tap { tcp: tcp.try_clone()?, harm: Arc::clone(&harm) };
        Ok(Self { tcp, stream: Box::new(tap), harm, is_tls: false })
    }

    /// Shakes hands with a client; `cut` after so many bytes of our own.
    pub fn accept(tcp: TcpStream, config: Arc<ServerConfig>, cut: Option<usize>) -> Result<Self> {
        let harm = Arc::new(Mutex::new(Harm { cut_write: cut, ..Harm::default() }));
        let tap = Tap { tcp: tcp.try_clone()?, harm: Arc::clone(&harm) };
        let mut stream = StreamOwned::new(ServerConnection::new(config)?, tap);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { tcp, stream: Box::new(stream), harm, is_tls: true })
    }

    /// Shakes hands with a server.
    pub fn connect(tcp: TcpStream, config: Arc<ClientConfig>) -> Result<Self> {
        let name = ServerName::try_from("localhost")?;
        let harm = Arc::new(Mutex::new(Harm::default()));
        let tap = Tap { tcp: tcp.try_clone()?, harm: Arc::clone(&harm) };
        let mut stream = StreamOwned::new(ClientConnection::new(config, name)?, tap);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { tcp, stream: Box::new(stream), harm, is_tls: true })
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    fn harm(&self, harm: Harm) {
        *self.harm.lock().unwrap_or_else(PoisonError::into_inner) = harm;
    }

    /// The connection is reset when so many bytes more have been written.
    pub fn cut_write(&self, after: usize) {
        self.harm(Harm { cut_write: Some(after), ..Harm::default() });
    }

    /// The same of bytes read.
    pub fn cut_read(&self, after: usize) {
        self.harm(Harm { cut_read: Some(after), ..Harm::default() });
    }

    /// The byte after so many is written as another one.
    pub fn damage(&self, at: usize) {
        self.harm(Harm { damage: Some(at), ..Harm::default() });
    }

    /// Ends without a word as soon as it is dropped.
    pub fn reset(&self) {
        let _ = reset(&self.tcp);
    }

    /// Nothing more is written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.stream.flush()?;
        self.tcp.shutdown(Shutdown::Write)
    }

    pub fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// TLS of the proxy towards the sender, and towards the receiver.
#[derive(Clone)]
pub struct Tls {
    pub server: Arc<ServerConfig>,
    pub client: Arc<ClientConfig>,
}

impl Tls {
    /// With the proxy's certificate, and the authority that issued the receiver's.
    pub fn new(certificate: &KeyAndCertificate, authority: &str) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain = vec![CertificateDer::from(certificate.certificate_der.clone())];
        let key = PrivateKeyDer::from_pem_slice(certificate.key_pem.as_bytes())?;
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(authority.as_bytes()).context("the authority")?)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { server: Arc::new(server), client: Arc::new(client) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};
    use lmr_sandbox::certificates::TestCa;
    use std::net::TcpListener;
    use std::sync::mpsc;
    use std::thread;

    /// What a client gets of "an answer", with what the proxy's side does to it.
    fn got(
        certificate: &KeyAndCertificate,
        ca: &TestCa,
        cut: Option<usize>,
        harm: Harm,
    ) -> io::Result<Vec<u8>> {
        let tls = Tls::new(certificate, ca.certificate_pem()).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = tls.server;
        // A question that comes along with the end of the handshake would be read before the harm is done.
        let (is_ready, ready) = mpsc::channel();
        let serving = thread::spawn(move || {
            let (tcp, _) = listener.accept().unwrap();
            let Ok(mut wire) = Wire::accept(tcp, server, cut) else { return };
            wire.harm(harm);
            let _ = is_ready.send(());
            let mut asked = [0; 8];
            let done = wire.read_exact(&mut asked).and_then(|()| wire.write_all(b"an answer"));
            if done.is_ok() {
                let _ = wire.finish();
            }
        });
        let tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let answer =
            Wire::connect(tcp, tls.client).map_err(io::Error::other).and_then(|mut wire| {
                // Fails where the other side has ended; then so does what follows.
                let _ = ready.recv();
                wire.write_all(b"question")?;
                let mut answer = vec![0; 9];
                wire.read_exact(&mut answer)?;
                Ok(answer)
            });
        serving.join().unwrap();
        answer
    }

    #[test]
    fn tls_that_is_cut_damaged_or_expired_gives_no_answer_and_whole_one_does() {
        let now = Timestamp::now();
        let ca = TestCa::new(now).unwrap();
        let good = ca.tls_for_loopback(now).unwrap();
        assert_eq!(got(&good, &ca, None, Harm::default()).unwrap(), b"an answer");
        let error = |cut, harm| got(&good, &ca, cut, harm).unwrap_err();
        error(Some(300), Harm::default());
        error(None, Harm { cut_write: Some(4), ..Harm::default() });
        error(None, Harm { cut_read: Some(3), ..Harm::default() });
        let damaged = error(None, Harm { damage: Some(RECORD_HEAD + 2), ..Harm::default() });
        assert!(damaged.to_string().contains("decrypt"), "{damaged}");
        let expired = ca.tls_for_loopback(now - SignedDuration::from_hours(366 * 24)).unwrap();
        let refused = got(&expired, &ca, None, Harm::default()).unwrap_err();
        assert!(refused.to_string().contains("expired"), "{refused}");
    }
}
