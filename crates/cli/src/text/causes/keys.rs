//! Errors of key files and tokens in bokmål.

use std::error::Error;

use lmr_keys::token::TokenError;
use lmr_keys::{Encrypted, KeyFileError, UriError};

pub(super) fn in_bokmal(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<KeyFileError>() {
        return Some(file(error));
    }
    if let Some(error) = error.downcast_ref::<TokenError>() {
        return Some(token(error));
    }
    error.downcast_ref::<UriError>().map(uri)
}

fn encrypted(what: Encrypted) -> &'static str {
    match what {
        Encrypted::Pkcs12 => "PKCS#12-filen",
        Encrypted::Pkcs8 => "den krypterte PKCS#8-nøkkelen",
    }
}

fn file(error: &KeyFileError) -> String {
    match error {
        KeyFileError::Empty => "filen er tom".to_owned(),
        KeyFileError::Unknown => "filen er verken PEM, JWK, PKCS#12 eller DER".to_owned(),
        KeyFileError::Damaged => "filen er skadet: den er avkuttet eller kodet feil; kopier den på nytt derfra den kom".to_owned(),
        KeyFileError::NoKey { found } => format!("filen inneholder {found} og ingen privat nøkkel"),
        KeyFileError::SeveralKeys { count } => format!("filen har {count} private nøkler; legg den som skal brukes, i en egen fil"),
        KeyFileError::NoCertificate { found } => format!("filen inneholder {found} og ikke noe sertifikat"),
        KeyFileError::PasswordMissing { what } => format!(
            "passordet til {} mangler: oppgi filen eller variabelen som har det (key_password_file, key_password_env)",
            encrypted(*what)
        ),
        KeyFileError::PasswordWrong { what } => format!("passordet til {} er feil", encrypted(*what)),
        KeyFileError::Unsupported { what, remedy } => format!(
            "{} er kryptert på en måte som ikke støttes (støttet: AES med PBES2, trippel-DES, og RC2 i eldre PKCS#12); krypter den på nytt: {remedy}",
            encrypted(*what)
        ),
        KeyFileError::OldPem => "nøkkelen er kryptert på OpenSSLs gamle måte (Proc-Type: 4,ENCRYPTED), som ikke støttes; gjør den om: openssl pkcs8 -topk8 -in FIL -out NY".to_owned(),
        KeyFileError::Ber => "filen er i BER med ubestemte lengder, som ikke støttes; gjør den om: openssl pkcs12 -in FIL -nodes | openssl pkcs12 -export -out NY".to_owned(),
    }
}

fn token(error: &TokenError) -> String {
    match error {
        TokenError::NotBuilt => "programmet er bygd uten PKCS#11; bygg det med --features pkcs11".to_owned(),
        TokenError::Module { path, reason } => format!(
            "PKCS#11-biblioteket {path} kan ikke brukes ({reason}); er leverandørens pakke installert for denne arkitekturen?"
        ),
        TokenError::NoToken { present } => format!("ikke noe token passer til pkcs11-URI-en; biblioteket har: {present}"),
        TokenError::SeveralTokens { present } => format!("flere tokener passer til pkcs11-URI-en ({present}); velg ett med serial="),
        TokenError::PinMissing => "tokenet krever PIN-koden: oppgi filen som har den (pin-source i URI-en, eller key_password_file)".to_owned(),
        TokenError::PinWrong => "tokenet godtar ikke PIN-koden; rett den før neste forsøk, for et token låses etter noen få gale".to_owned(),
        TokenError::PinLocked => "tokenet er låst etter for mange gale PIN-koder; den som forvalter det, kan låse det opp".to_owned(),
        TokenError::NoKey => "tokenet har ingen privat nøkkel med dette navnet eller denne id-en".to_owned(),
        TokenError::SeveralKeys { count } => format!("tokenet har {count} private nøkler med dette navnet eller denne id-en; velg én med id="),
        TokenError::NoPublicKey => "tokenet viser ikke den offentlige delen av nøkkelen; legg den offentlige nøkkelen eller sertifikatet ved siden av den".to_owned(),
        TokenError::NoCertificate => "tokenet har ikke noe sertifikat med dette navnet eller denne id-en".to_owned(),
        TokenError::Failed { step, reason } => format!("tokenet feilet ({step}: {reason})"),
    }
}

fn uri(error: &UriError) -> String {
    match error {
        UriError::Encoding { attribute } => format!("pkcs11-URI-en har en ødelagt %-koding i {attribute}"),
        UriError::Unknown { attribute } => format!(
            "pkcs11-URI-en har et ukjent attributt, {attribute}; kjente er token, serial, object, id og type, og etter et spørsmålstegn module-path og pin-source"
        ),
        UriError::PinInside => "pkcs11-URI-en har en PIN-kode i seg (pin-value); skriv den i en fil og oppgi den som pin-source".to_owned(),
        UriError::NoModule => "pkcs11-URI-en nevner ikke noe bibliotek (?module-path=/usr/lib/…/lib….so)".to_owned(),
        UriError::NoObject => "pkcs11-URI-en nevner ingen nøkkel (object=… eller id=…)".to_owned(),
    }
}
