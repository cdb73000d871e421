//! What to enter at the issuer of tokens, and what to send to the register.

use lmr_auth::{Environment, IssuerKind};

use super::answers::Answers;
use super::files::Made;
use crate::config::token_client::{DPOP_SCOPE, MASKINPORTEN_RESOURCE, MASKINPORTEN_SCOPE};
use crate::output::Language;
use crate::text::{Text, text};

/// The closing text of `lmr send init`.
pub(super) fn what_to_hand_in(answers: &Answers, made: &Made, lang: Language) -> String {
    let client = match answers.issuer_kind {
        IssuerKind::HelseId => helseid(answers, made),
        IssuerKind::Maskinporten => maskinporten(answers, made),
    };
    let mut parts = vec![client];
    if let Some(request) = &made.request {
        parts.push(text!(
            "Virksomhetssertifikat\n\
             \x20 bestill det (Buypass, Commfides) med forespørselen {request}\n\
             \x20 legg sertifikatet i        {certificate}",
            "Enterprise certificate\n\
             \x20 order it (Buypass, Commfides) with the request {request}\n\
             \x20 put the certificate into   {certificate}",
            request = request.display(),
            certificate = made.certificate.display()
        ));
    }
    parts.push(register(answers, made));
    let parts: Vec<&str> = parts.iter().map(|part| part.get(lang).as_str()).collect();
    format!("{}\n", parts.join("\n\n"))
}

fn client_id(answers: &Answers) -> Text {
    match &answers.client_id {
        Some(id) => text!("{id}", "{id}"),
        None => text!(
            "skriv den du får, i client_id i konfigurasjonen",
            "write the one you are given into client_id of the configuration"
        ),
    }
}

fn helseid(answers: &Answers, made: &Made) -> Text {
    let address = match answers.environment {
        Environment::Production => "https://selvbetjening.nhn.no",
        Environment::Test | Environment::Local => "https://selvbetjening.test.nhn.no",
    };
    let production = match answers.environment {
        Environment::Production => text!(
            "\n\x20 NHN krever at integrasjonen er prøvd i test og har bestått kodegjennomgang før produksjon",
            "\n\x20 NHN demands that the integration was tried in test and passed a code review before production"
        ),
        Environment::Test | Environment::Local => text!("", ""),
    };
    let (id, file) = (client_id(answers), made.client_file.display());
    let (kid, jwk) = (made.client.kid().unwrap_or_default(), made.client.to_json());
    let algorithm = answers.algorithm.name();
    Text::of(|language| {
        let labels = text!(
            "I HelseID Selvbetjening ({address})\n\
             \x20 type              maskin til maskin (client credentials, private_key_jwt), med DPoP\n\
             \x20 klient-id         {id}\n\
             \x20 scope             {DPOP_SCOPE}\n\
             \x20 kid               {kid}\n\
             \x20 algoritme         {algorithm}\n\
             \x20 offentlig nøkkel  {jwk}\n\
             \x20                   (også i {file}){production}",
            "In HelseID Selvbetjening ({address})\n\
             \x20 type              machine to machine (client credentials, private_key_jwt), with DPoP\n\
             \x20 client id         {id}\n\
             \x20 scope             {DPOP_SCOPE}\n\
             \x20 kid               {kid}\n\
             \x20 algorithm         {algorithm}\n\
             \x20 public key        {jwk}\n\
             \x20                   (also in {file}){production}",
            id = id.get(language),
            production = production.get(language)
        );
        labels.get(language).clone()
    })
}

fn maskinporten(answers: &Answers, made: &Made) -> Text {
    let (id, file) = (client_id(answers), made.client_file.display());
    let kid = made.client.kid().unwrap_or_default();
    let jwks = serde_json::json!({ "keys": [made.client.to_json()] });
    let algorithm = answers.algorithm.name();
    Text::of(|language| {
        let labels = text!(
            "I Maskinporten (Samarbeidsportalen hos Digdir)\n\
             \x20 klient-id         {id}\n\
             \x20 scope             {MASKINPORTEN_SCOPE} (FHI gir organisasjonen tilgang til det)\n\
             \x20 resource          {MASKINPORTEN_RESOURCE}\n\
             \x20 kid               {kid}\n\
             \x20 algoritme         {algorithm}\n\
             \x20 offentlige nøkler {jwks}\n\
             \x20                   (nøkkelen også i {file}; en registrert nøkkel gjelder i ett år)",
            "In Maskinporten (Samarbeidsportalen at Digdir)\n\
             \x20 client id         {id}\n\
             \x20 scope             {MASKINPORTEN_SCOPE} (FHI gives the organisation access to it)\n\
             \x20 resource          {MASKINPORTEN_RESOURCE}\n\
             \x20 kid               {kid}\n\
             \x20 algorithm         {algorithm}\n\
             \x20 public keys       {jwks}\n\
             \x20                   (the key also in {file}; a registered key is good for one year)",
            id = id.get(language)
        );
        labels.get(language).clone()
    })
}

fn register(answers: &Answers, made: &Made) -> Text {
    let addresses = if answers.addresses.is_empty() {
        text!(
            "adressen maskinen kaller ut fra (spør de som driver nettverket)",
            "the address that this machine calls from (ask those who run the network)"
        )
    } else {
        let all = answers.addresses.join(", ");
        text!("{all}", "{all}")
    };
    let back = answers.receiver_certificate.is_none().then(|| {
        text!(
            "\n\x20 og be om          registerets virksomhetssertifikat; legg det i {path}",
            "\n\x20 and ask for       the register's enterprise certificate; put it into {path}",
            path = made.register_certificate.display()
        )
    });
    let back = back.unwrap_or_else(|| text!("", ""));
    let when = match &made.request {
        Some(_) => text!(" (når det er utstedt)", " (when it is issued)"),
        None => text!("", ""),
    };
    let (number, name, date) = (&answers.organisation, &answers.name, answers.start_date);
    let (ruleset, certificate) = (answers.ruleset.as_str(), made.certificate.display());
    Text::of(|language| {
        let labels = text!(
            "Til registeret\n\
             \x20 organisasjon      {number} {name}\n\
             \x20 adresser          {addresses}\n\
             \x20 sertifikat        {certificate}{when}, uten nøkkelen\n\
             \x20 guide             {ruleset}\n\
             \x20 startdato         {date}{back}",
            "To the register\n\
             \x20 organisation      {number} {name}\n\
             \x20 addresses         {addresses}\n\
             \x20 certificate       {certificate}{when}, without the key\n\
             \x20 guide             {ruleset}\n\
             \x20 start date        {date}{back}",
            addresses = addresses.get(language),
            when = when.get(language),
            back = back.get(language)
        );
        labels.get(language).clone()
    })
}
