//! Each token satisfies one whole trust profile, or it is refused.

use super::*;

/// A token with the scheme it is shown by, and what must come of it.
type Case = (&'static str, &'static str, String, u16, &'static str);

#[tokio::test]
async fn a_token_satisfies_one_whole_profile_or_none() {
    let scene = scene().await;
    let jkt = scene.key.public().thumbprint();
    let helseid = |changes: Value| scene.helseid(&changes);
    let mp = |changes: Value| scene.maskinporten(&changes);
    let actor = |id: &str| json!({ "authority": "iso6523-actorid-upis", "ID": id });
    let number = organisation_number(1);
    let issuer = scene.world.maskinporten().issuer().to_owned();
    let cases: Vec<Case> = vec![
        // Bound tokens shown without their key, and the reverse.
        ("bound as Bearer", "Bearer", scene.bound(), 401, "LMR-1023"),
        (
            "bound, with the scope of Bearer",
            "Bearer",
            helseid(json!({ "cnf": { "jkt": jkt } })),
            401,
            "LMR-1023",
        ),
        ("any cnf", "Bearer", helseid(json!({ "cnf": {} })), 401, "LMR-1023"),
        (
            "cnf by certificate",
            "Bearer",
            helseid(json!({ "cnf": { "x5t#S256": "a" } })),
            401,
            "LMR-1023",
        ),
        ("cnf at Maskinporten", "Bearer", mp(json!({ "cnf": { "jkt": jkt } })), 401, "LMR-1023"),
        ("unbound as DPoP", "DPoP", helseid(json!({ "scope": [DPOP_SCOPE] })), 401, "LMR-1023"),
        (
            "a short thumbprint",
            "DPoP",
            helseid(json!({ "scope": [DPOP_SCOPE], "cnf": { "jkt": "abc" } })),
            401,
            "LMR-1023",
        ),
        ("Maskinporten as DPoP", "DPoP", mp(json!({ "cnf": { "jkt": jkt } })), 401, "LMR-1023"),
        // Scopes crossed.
        (
            "the scope of DPoP as Bearer",
            "Bearer",
            helseid(json!({ "scope": [DPOP_SCOPE] })),
            403,
            "LMR-1020",
        ),
        (
            "the scope of Bearer as DPoP",
            "DPoP",
            helseid(json!({ "cnf": { "jkt": jkt } })),
            403,
            "LMR-1020",
        ),
        (
            "the scope of Maskinporten at HelseID",
            "Bearer",
            helseid(json!({ "scope": [maskinporten::SCOPE] })),
            403,
            "LMR-1020",
        ),
        (
            "the scope of HelseID at Maskinporten",
            "Bearer",
            mp(json!({ "scope": LMR_SCOPE })),
            403,
            "LMR-1020",
        ),
        (
            "the scope of DPoP at Maskinporten",
            "Bearer",
            mp(json!({ "scope": DPOP_SCOPE })),
            403,
            "LMR-1020",
        ),
        (
            "dot and slash exchanged",
            "Bearer",
            mp(json!({ "scope": "fhi:lmr.fhirmottak/api" })),
            403,
            "LMR-1020",
        ),
        (
            "dot for slash",
            "Bearer",
            mp(json!({ "scope": "fhi:lmr.fhirmottak.api" })),
            403,
            "LMR-1020",
        ),
        (
            "a longer scope",
            "Bearer",
            mp(json!({ "scope": "fhi:lmr/fhirmottak.api2" })),
            403,
            "LMR-1020",
        ),
        ("other case", "Bearer", mp(json!({ "scope": "FHI:lmr/fhirmottak.api" })), 403, "LMR-1020"),
        ("no scope", "Bearer", mp(json!({ "scope": null })), 403, "LMR-1020"),
        // Audiences.
        (
            "HelseID's audience at Maskinporten",
            "Bearer",
            mp(json!({ "aud": "fhi:lmr.fhirmottak" })),
            401,
            "LMR-1015",
        ),
        (
            "Maskinporten's audience at HelseID",
            "Bearer",
            helseid(json!({ "aud": maskinporten::RESOURCE })),
            401,
            "LMR-1015",
        ),
        ("unspecified", "Bearer", mp(json!({ "aud": "unspecified" })), 401, "LMR-1015"),
        ("no audience", "Bearer", mp(json!({ "aud": null })), 401, "LMR-1015"),
        (
            "two audiences",
            "Bearer",
            mp(json!({ "aud": [maskinporten::RESOURCE, "fhi:annet"] })),
            401,
            "LMR-1015",
        ),
        ("an empty list of audiences", "Bearer", mp(json!({ "aud": [] })), 401, "LMR-1015"),
        // Issuers.
        (
            "an issuer without its slash",
            "Bearer",
            mp(json!({ "iss": issuer.trim_end_matches('/') })),
            401,
            "LMR-1014",
        ),
        (
            "the other issuer's name",
            "Bearer",
            mp(json!({ "iss": scene.world.helseid().issuer() })),
            401,
            "LMR-1019",
        ),
        ("no issuer", "Bearer", mp(json!({ "iss": null })), 401, "LMR-1014"),
        // Kinds of tokens.
        ("a person's token", "Bearer", mp(json!({ "sub": "a" })), 401, "LMR-1024"),
        (
            "a system user's",
            "Bearer",
            mp(json!({ "authorization_details": [{ "type": "x" }] })),
            401,
            "LMR-1024",
        ),
        ("no client", "Bearer", mp(json!({ "client_id": null })), 401, "LMR-1024"),
        // Organisations.
        ("no consumer", "Bearer", mp(json!({ "consumer": null })), 403, "LMR-1021"),
        (
            "another register",
            "Bearer",
            mp(json!({ "consumer": actor(&format!("9908:{number}")) })),
            403,
            "LMR-1021",
        ),
        (
            "no register",
            "Bearer",
            mp(json!({ "consumer": actor(number.as_str()) })),
            403,
            "LMR-1021",
        ),
        (
            "more parts",
            "Bearer",
            mp(json!({ "consumer": actor(&format!("0192:{number}:1")) })),
            403,
            "LMR-1021",
        ),
        (
            "a wrong check digit",
            "Bearer",
            mp(json!({ "consumer": actor("0192:310000018") })),
            403,
            "LMR-1021",
        ),
        (
            "another authority",
            "Bearer",
            mp(json!({ "consumer": { "authority": "x", "ID": format!("0192:{number}") } })),
            403,
            "LMR-1021",
        ),
        ("a text", "Bearer", mp(json!({ "consumer": format!("0192:{number}") })), 403, "LMR-1021"),
        (
            "HelseID's claim at Maskinporten",
            "Bearer",
            mp(
                json!({ "consumer": null, "helseid://claims/client/claims/orgnr_parent": number.as_str() }),
            ),
            403,
            "LMR-1021",
        ),
        (
            "Maskinporten's claim at HelseID",
            "Bearer",
            helseid(
                json!({ "helseid://claims/client/claims/orgnr_parent": null, "consumer": actor(&format!("0192:{number}")) }),
            ),
            403,
            "LMR-1021",
        ),
        // Times.
        (
            "expired",
            "Bearer",
            mp(json!({ "exp": scene.clock.now().as_second() - 6 })),
            401,
            "LMR-1012",
        ),
        (
            "made in the future",
            "Bearer",
            mp(json!({ "iat": scene.clock.now().as_second() + 60 })),
            401,
            "LMR-1013",
        ),
        (
            "too long",
            "Bearer",
            mp(json!({ "exp": scene.clock.now().as_second() + 86_400 })),
            401,
            "LMR-1022",
        ),
        ("no expiry", "Bearer", mp(json!({ "exp": null })), 401, "LMR-1011"),
    ];
    for (what, scheme, token, status, code) in cases {
        let proof = scene.proof(&token, &json!({}), &json!({}));
        let seen = scene.show(scheme, &token, (scheme == "DPoP").then_some(&proof)).await;
        assert_eq!((seen.status, seen.code.as_str()), (status, code), "{what}: {seen:?}");
        let error = match (status, code) {
            (403, _) => "insufficient_scope",
            _ => "invalid_token",
        };
        let bare = code == "LMR-1023" && seen.challenges.iter().all(|one| !one.contains("error"));
        let named = seen.challenges.iter().all(|one| one.contains(&format!("error=\"{error}\"")));
        assert!(named || bare, "{what}: {seen:?}");
    }
    for (what, token) in [
        ("an array of one audience", mp(json!({ "aud": [maskinporten::RESOURCE] }))),
        ("scopes as an array", mp(json!({ "scope": [maskinporten::SCOPE] }))),
        ("several scopes", mp(json!({ "scope": format!("annet {}", maskinporten::SCOPE) }))),
        (
            "a supplier",
            mp(json!({ "supplier": actor(&format!("0192:{}", organisation_number(5))) })),
        ),
        ("HelseID's scopes as a text", helseid(json!({ "scope": LMR_SCOPE }))),
    ] {
        let seen = scene.show("Bearer", &token, None).await;
        assert!(seen.is_let_in(), "{what}: {seen:?}");
    }
    scene.all_kinds_work().await;
}
