//! Notices by mail.

use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use lmr_auth::SecretString;

use super::{HookError, Message};

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailSecurity {
    /// TLS from the first byte (port 465).
    Tls,
    /// TLS by STARTTLS, or nothing is sent (port 587).
    StartTls,
    /// None: a server on this machine or in a closed network.
    None,
}

/// A mail server and whom it is to reach.
#[derive(Debug)]
pub struct MailSettings {
    /// The server's name.
    server: String,
    /// Its port.
    port: u16,
    /// TLS.
    security: MailSecurity,
    /// Who signs in at the server, with the password.
    user: Option<(String, SecretString)>,
    /// The sender's address.
    from: Mailbox,
    /// Who gets it.
    to: Vec<Mailbox>,
}

impl MailSettings {
    /// Mail from and to these addresses.
    ///
    /// # Errors
    /// [`AddressError`] for what is not a mail address.
    pub fn new(
        server: &str,
        port: u16,
        security: MailSecurity,
        user: Option<(String, SecretString)>,
        from: &str,
        to: &[String],
    ) -> Result<Self, AddressError> {
        Ok(Self {
            server: server.to_owned(),
            port,
            security,
            user,
            from: from.parse()?,
            to: to.iter().map(|address| address.parse()).collect::<Result<_, _>>()?,
        })
    }

    pub(super) async fn send(&self, message: &Message<'_>) -> Result<(), HookError> {
        let wrong = |error: &dyn std::fmt::Display| HookError::Mail(error.to_string());
        let mut mail = Mail::builder()
            .from(self.from.clone())
            .date(std::time::SystemTime::from(message.at))
            .subject(format!("lmr {}: {}", message.organisation, message.event))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        let mut body = format!("{}\n\n{}\n\n", message.text.nb, message.text.en);
        for (name, count) in message.counts {
            body.push_str(&format!("{name}: {count}\n"));
        }
        let mail = mail.body(body).map_err(|error| wrong(&error))?;
        let parameters = || TlsParameters::new(self.server.clone()).map_err(|error| wrong(&error));
        let tls = match self.security {
            MailSecurity::Tls => Tls::Wrapper(parameters()?),
            MailSecurity::StartTls => Tls::Required(parameters()?),
            MailSecurity::None => Tls::None,
        };
        let mut server =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.server.as_str())
                .port(self.port)
                .tls(tls)
                .timeout(Some(Duration::from_secs(20)));
        if let Some((user, password)) = &self.user {
            server =
                server.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        server.build().send(mail).await.map(drop).map_err(|error| {
            // The server's words may name people.
            HookError::Mail(match error.status() {
                Some(code) => format!("the server answered {code}"),
                None if error.is_timeout() => "no answer in time".to_owned(),
                None if error.is_tls() => "TLS failed".to_owned(),
                None => "no connection, or it broke".to_owned(),
            })
        })
    }
}
