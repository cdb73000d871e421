
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE FUNCTION public.audit_entry_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'entries of the audit log are only added';
END
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);

CREATE TABLE public.audit_entry (
    chain text NOT NULL,
    sequence bigint NOT NULL,
    at bigint NOT NULL,
    action text NOT NULL,
    entry text NOT NULL,
    mac bytea NOT NULL
);

CREATE TABLE public.audit_head (
    chain text NOT NULL,
    sequence bigint NOT NULL,
    digest bytea NOT NULL
);

CREATE TABLE public.avsender (
    organisation text NOT NULL,
    name text NOT NULL,
    active boolean NOT NULL,
    rule_set text,
    start_date text
);

CREATE TABLE public.avsender_address (
    organisation text NOT NULL,
    "position" bigint NOT NULL,
    network text NOT NULL
);

CREATE TABLE public.avsender_certificate (
    organisation text NOT NULL,
    "position" bigint NOT NULL,
    der bytea NOT NULL,
    accepted_from bigint,
    accepted_until bigint
);

CREATE TABLE public.identifier_system (
    system_mac bytea NOT NULL,
    organisation text NOT NULL
);

CREATE TABLE public.key_check (
    id bigint NOT NULL,
    salt bytea NOT NULL,
    check_sealed bytea NOT NULL,
    CONSTRAINT key_check_id_check CHECK ((id = 1))
);

CREATE TABLE public.message (
    id bigint NOT NULL,
    organisation text NOT NULL,
    message_id text NOT NULL,
    content_sha256 bytea NOT NULL,
    bundle_identifier_mac bytea,
    rule_set text NOT NULL,
    client_id text NOT NULL,
    reporting_from bigint NOT NULL,
    reporting_to bigint NOT NULL,
    generated_at bigint NOT NULL,
    received_at bigint NOT NULL,
    outcome text NOT NULL,
    entries bigint NOT NULL,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    unchanged bigint NOT NULL,
    refused bigint NOT NULL,
    dependent bigint NOT NULL,
    salt bytea NOT NULL,
    answer_sealed bytea NOT NULL,
    answer_coding text DEFAULT 'identity'::text NOT NULL,
    audit_sequence bigint,
    has_content boolean DEFAULT false NOT NULL,
    lent_until bigint,
    times_lent bigint DEFAULT 0 NOT NULL,
    acknowledged_at bigint
);

CREATE TABLE public.message_code (
    message bigint NOT NULL,
    code text NOT NULL,
    entries bigint NOT NULL
);

CREATE TABLE public.message_content (
    organisation text NOT NULL,
    message bigint NOT NULL,
    received_at bigint NOT NULL,
    content_sealed bytea NOT NULL
)
PARTITION BY RANGE (received_at);

CREATE TABLE public.message_content_2025_03 (
    organisation text NOT NULL,
    message bigint NOT NULL,
    received_at bigint NOT NULL,
    content_sealed bytea NOT NULL
)
PARTITION BY HASH (organisation);

CREATE TABLE public.message_content_2025_03_0 (
    organisation text NOT NULL,
    message bigint NOT NULL,
    received_at bigint NOT NULL,
    content_sealed bytea NOT NULL
);

CREATE TABLE public.message_content_2025_03_1 (
    organisation text NOT NULL,
    message bigint NOT NULL,
    received_at bigint NOT NULL,
    content_sealed bytea NOT NULL
);

CREATE TABLE public.message_content_2025_03_2 (
    organisation text NOT NULL,
    message bigint NOT NULL,
    received_at bigint NOT NULL,
    content_sealed bytea NOT NULL
);

CREATE TABLE public.message_content_2025_03_3 (
    organisation text NOT NULL,
    message bigint NOT NULL,
    received_at bigint NOT NULL,
    content_sealed bytea NOT NULL
);

CREATE TABLE public.message_content_rest (
    organisation text NOT NULL,
    message bigint NOT NULL,
    received_at bigint NOT NULL,
    content_sealed bytea NOT NULL
);

ALTER TABLE public.message ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.refused_call (
    id bigint NOT NULL,
    received_at bigint NOT NULL,
    organisation text,
    client_id text,
    message_id text,
    request_id text NOT NULL,
    code text NOT NULL,
    entries bigint NOT NULL,
    refused bigint NOT NULL,
    dependent bigint NOT NULL,
    calls bigint NOT NULL
);

ALTER TABLE public.refused_call ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.refused_call_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.resource (
    resource_id text NOT NULL,
    kind text NOT NULL,
    organisation text NOT NULL,
    identity_mac bytea NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE public.resource_version (
    resource_id text NOT NULL,
    version bigint NOT NULL,
    message bigint NOT NULL,
    entry bigint NOT NULL,
    stored_at bigint NOT NULL,
    hash_sealed bytea NOT NULL,
    content_sealed bytea NOT NULL,
    administration_sealed bytea,
    content_from bigint,
    content_length bigint
);

CREATE TABLE public.used_proof (
    digest bytea NOT NULL,
    until bigint NOT NULL
);

ALTER TABLE ONLY public.message_content ATTACH PARTITION public.message_content_2025_03 FOR VALUES FROM ('1740787200000000') TO ('1743465600000000');

ALTER TABLE ONLY public.message_content_2025_03 ATTACH PARTITION public.message_content_2025_03_0 FOR VALUES WITH (modulus 4, remainder 0);

ALTER TABLE ONLY public.message_content_2025_03 ATTACH PARTITION public.message_content_2025_03_1 FOR VALUES WITH (modulus 4, remainder 1);

ALTER TABLE ONLY public.message_content_2025_03 ATTACH PARTITION public.message_content_2025_03_2 FOR VALUES WITH (modulus 4, remainder 2);

ALTER TABLE ONLY public.message_content_2025_03 ATTACH PARTITION public.message_content_2025_03_3 FOR VALUES WITH (modulus 4, remainder 3);

ALTER TABLE ONLY public.message_content ATTACH PARTITION public.message_content_rest DEFAULT;

INSERT INTO public._sqlx_migrations VALUES (1, 'messages and resources', '2026-11-26 02:55:34.286116+00', true, '\xbe2b34426a70c65069965c51912685966fc5de1a78c66ceac6529613bf664f5ed2391fb9367b8fc3272f46a8cedc24af', 130563093);
INSERT INTO public._sqlx_migrations VALUES (2, 'used proofs', '2026-11-26 02:55:34.422247+00', true, '\x60f6a5081f8e71f55791d31e4e73aa778d77f9ec78b63918f3e366403c80be9cc4a2d12d1c9a9a52639ded67df46898b', 32024084);
INSERT INTO public._sqlx_migrations VALUES (3, 'codes and refused calls', '2026-11-26 02:55:34.464021+00', true, '\x0fe450bd3ec8f014e38a22addcdffa4b50b6da3509f1e8d25d90fc797de2429276b0106275cf911c2c1c7cdbfca63105', 50273122);
INSERT INTO public._sqlx_migrations VALUES (4, 'administration facts', '2026-11-26 02:55:34.524776+00', true, '\xe29de5677632c179db43e761d6e1f1d1cb24e17d9830decbe576d76055c7b7a320d80b8c81ea5a832a89aac6b7d80d5b', 5483228);
INSERT INTO public._sqlx_migrations VALUES (5, 'identifier systems', '2026-11-26 02:55:34.540713+00', true, '\xd30edc226ad8933831eb975606c9ab159220e0021e7c78ae75ee6acb14f1c2d2f3f536ffdee0c43f09e92c6678178b39', 17594321);
INSERT INTO public._sqlx_migrations VALUES (6, 'audit', '2026-11-26 02:55:34.564613+00', true, '\x43fee372ad64cad3e9932bf46e24b1d770f2199f78414875cbb93d1b026a728d77cb9f70e949516b2a8ad15eb020c608', 61775738);
INSERT INTO public._sqlx_migrations VALUES (7, 'content and outlet', '2026-11-26 02:55:34.629392+00', true, '\xa41575a1bd14fb3f684c3b2ba78264b067c77b203e6c1968c8e48623057f6c6427771845085548ffe8d1ea6c9be7dfc7', 36930421);
INSERT INTO public._sqlx_migrations VALUES (8, 'search', '2026-11-26 02:55:34.676768+00', true, '\x8bcd2a60f0097127e3386269d948856178f2b809efb97d37719c8d5091737f5fde2f665b4b6d4bfdf59b24c9c8411b9b', 16703583);

INSERT INTO public.audit_entry VALUES ('310000019', 1, 1741935601000000, 'receive', '{"action":"receive","sender":"310000019","sequence":1,"previous":null,"messageId":"m1","contentSha256":"0000000000000001000000000000000000000000000000000000000000000000","answerSha256":"34adf318171df20dc85c682acdec231978761f9057a49077d0dbcb362183ccca","ruleSet":"lmdi-0.9.4","ruleSetDigest":"sha256:c38e05ffa1a95b9d66b790038a4dadd9963a7f9f40eaeedc90d2603d16b10890","outcome":"accepted","clientId":"klient","receivedAt":"2025-03-14T07:00:01Z"}', '\x3cb3a20acd184b46b897b0ac9fa5a8d58d02f8c78363483e74b9b89b1f5f7387');
INSERT INTO public.audit_entry VALUES ('320000009', 1, 1741935602000000, 'receive', '{"action":"receive","sender":"320000009","sequence":1,"previous":null,"messageId":"m2","contentSha256":"0000000000000002000000000000000000000000000000000000000000000000","answerSha256":"2b9e0a5761ee9ae65d6959ebc2e044fdb7d02a4be5b8903ed4c670b9e31eac5f","ruleSet":"lmdi-0.9.4","ruleSetDigest":"sha256:c38e05ffa1a95b9d66b790038a4dadd9963a7f9f40eaeedc90d2603d16b10890","outcome":"accepted","clientId":"klient","receivedAt":"2025-03-14T07:00:02Z"}', '\x421c7d444492b77be247098d44b3c8b0b7d020e23bb8d5217488b1d0aead147b');
INSERT INTO public.audit_entry VALUES ('310000019', 2, 1741935603000000, 'receive', '{"action":"receive","sender":"310000019","sequence":2,"previous":"5dceb00a46f7327fd72fc93404b0774bba9d8a3a8c69cc9da90cfc05cbc2d992","messageId":"m3","contentSha256":"0000000000000003000000000000000000000000000000000000000000000000","answerSha256":"b91603e3703a96356e367c0625f7a72d3f54c37179727c8a6de9bdeed4a34492","ruleSet":"lmdi-0.9.4","ruleSetDigest":"sha256:c38e05ffa1a95b9d66b790038a4dadd9963a7f9f40eaeedc90d2603d16b10890","outcome":"accepted","clientId":"klient","receivedAt":"2025-03-14T07:00:03Z"}', '\x6725e2314225d0149f1ba87a594a9d935da337b79fb13677d1b8953ae7e71d6b');
INSERT INTO public.audit_entry VALUES ('310000019', 3, 1741935604000000, 'receive', '{"action":"receive","sender":"310000019","sequence":3,"previous":"de2fb9a04175e547edf61a8b0a3ad572445739a3108d3319430bd6e6b614376c","messageId":"m4","contentSha256":"0000000000000004000000000000000000000000000000000000000000000000","answerSha256":"758f53d0fe09ae2926c80e7e02165f06c29cb05356b10d3852562f65bbf110a6","ruleSet":"lmdi-0.9.4","ruleSetDigest":"sha256:c38e05ffa1a95b9d66b790038a4dadd9963a7f9f40eaeedc90d2603d16b10890","outcome":"refused","clientId":"klient","receivedAt":"2025-03-14T07:00:04Z"}', '\x30dbd71b3b9ca0d0028a6d8c3507fb5931b789d135498a2f99d2cb0a9244c504');
INSERT INTO public.audit_entry VALUES ('320000009', 2, 1741935605000000, 'receive', '{"action":"receive","sender":"320000009","sequence":2,"previous":"3532f76f8854af0759d2e7fcd07ed44be137137bf46039ea397c597add4037f5","messageId":"m5","contentSha256":"0000000000000005000000000000000000000000000000000000000000000000","answerSha256":"bf66800e972a3363eb3bce8a80e170d9c145302c0c1371ca855337f46644dfa0","ruleSet":"lmdi-0.9.4","ruleSetDigest":"sha256:c38e05ffa1a95b9d66b790038a4dadd9963a7f9f40eaeedc90d2603d16b10890","outcome":"accepted","clientId":"klient","receivedAt":"2025-03-14T07:00:05Z"}', '\xe8f95fc6a63d643cb706b549a45fad38e84a08462e8abe0a4197132f65263272');
INSERT INTO public.audit_entry VALUES ('register', 1, 1741935601000000, 'read', '{"action":"read","sequence":1,"previous":null,"at":"2025-03-14T07:00:01Z","actor":"operator:kari","subject":"310000019","reason":"et vedtak"}', '\xd91aa919c0f5151811791bfd1b8e5546c70ad3b8bd197126ebf6e114535a97ed');
INSERT INTO public.audit_entry VALUES ('register', 2, 1741935602000000, 'export', '{"action":"export","sequence":2,"previous":"bad15b2ed53c71ff6d2eb14aae43f2f2d2e6f02903f7f6955cd9f4582b13e76a","at":"2025-03-14T07:00:02Z","actor":"operator:kari","subject":"310000019","reason":"et vedtak"}', '\x6e8a2e4559ba6a546e892d96975d73c305caa98b8d7370055839fc4e53c4d7a1');

INSERT INTO public.audit_head VALUES ('310000019', 3, '\x7ad2859ea78c7145c67accbd6bd03d5d30c2ad1b0e07a632e7b73e1997622ff2');
INSERT INTO public.audit_head VALUES ('320000009', 2, '\xab1a48d2de836611132c4c1bd2ec7490c8a2f9b82211caaca8ec74209c034d03');
INSERT INTO public.audit_head VALUES ('register', 2, '\x33f864b63e269f9d0061ffd0c0bcbbe5ee48f358239362f0ff7b134cdc338d3b');

INSERT INTO public.avsender VALUES ('310000019', 'Ærlig sykehus', true, 'lmdi-1.1.2', '2025-01-01');

INSERT INTO public.avsender_address VALUES ('310000019', 0, '192.0.2.7');

INSERT INTO public.identifier_system VALUES ('\x528a9683561e358104d5d692a7dbe62436e639e4be17fb007270e9d8a84e4d92', '310000019');
INSERT INTO public.identifier_system VALUES ('\x4402bb4a51f27fd9a12ec40a060057416219126ef2dab5e02362b8bc4b818abb', '320000009');

INSERT INTO public.key_check VALUES (1, '\xa5d34a4a10f0ebbc316e8ec1b3ad1568', '\x01bb6fa1af4676d26f3f802871c4bd7255b4705827149bb5d7e9f9c84526f789');

INSERT INTO public.message OVERRIDING SYSTEM VALUE VALUES (3, '310000019', 'm3', '\x0000000000000003000000000000000000000000000000000000000000000000', '\xfd6116a35605a4d088666f625fc0aab61e3f4faf9f17871b43afcee1b78473cf', 'lmdi-0.9.4', 'klient', 1741849200000000, 1741935600000000, 1741935601000000, 1741935603000000, 'accepted', 1, 1, 0, 0, 0, 0, '\xcb3873c455d504b8071ff33d37f75a42', '\x017dcb57de1a73fb3e8994e9af538b4c8268de2f6e67f17a52576ff62d2eff044605d2ec67bae42ba2', 'identity', 2, true, NULL, 0, NULL);
INSERT INTO public.message OVERRIDING SYSTEM VALUE VALUES (4, '310000019', 'm4', '\x0000000000000004000000000000000000000000000000000000000000000000', NULL, 'lmdi-0.9.4', 'klient', 1741849200000000, 1741935600000000, 1741935601000000, 1741935604000000, 'refused', 0, 0, 0, 0, 0, 0, '\xee608f72695fc70043a2af3b9cee1fe5', '\x013087001fa7d5838a7cd1b90adcf4fc22dcc473315165f547d38e6b5ec1bee1422aa731d3eef19278', 'identity', 3, false, NULL, 0, NULL);
INSERT INTO public.message OVERRIDING SYSTEM VALUE VALUES (5, '320000009', 'm5', '\x0000000000000005000000000000000000000000000000000000000000000000', '\x624a6207a4c7fedd86cf83f077962338c306c8d84a3dc79563d2ac78864137d1', 'lmdi-0.9.4', 'klient', 1741849200000000, 1741935600000000, 1741935601000000, 1741935605000000, 'accepted', 1, 1, 0, 0, 0, 0, '\x860844331ad8935e5ab8121c68bc36ea', '\x01dec9ed96fd700ebb7f957114bccefd3287cd8be133097d1ae8e502f220db078703360d577749d793', 'identity', 2, true, NULL, 0, NULL);
INSERT INTO public.message OVERRIDING SYSTEM VALUE VALUES (1, '310000019', 'm1', '\x0000000000000001000000000000000000000000000000000000000000000000', '\xb4b33f3929fe22a68732e3671bce088ab0b20009dae58f823f1ea6453b423e7f', 'lmdi-0.9.4', 'klient', 1741849200000000, 1741935600000000, 1741935601000000, 1741935601000000, 'accepted', 2, 2, 0, 0, 0, 0, '\xe27ca2e261d6f16e400c60630807941b', '\x01118ef6f1bfba9072de85967eacbae192179f1385ed522f865ce19650f9e8f774fcaff46b6ff111e16a9bbaf74de6c996720f6d5f026e04b1df8b7594dacdb447ade36880f34720e034bb781149116ecb05ff67dceef7114415a1aac43494aa', 'deflate-1', 1, true, NULL, 1, 1741935701000000);
INSERT INTO public.message OVERRIDING SYSTEM VALUE VALUES (2, '320000009', 'm2', '\x0000000000000002000000000000000000000000000000000000000000000000', '\x4d133fd0951c6be7ab7ca8743b5dd1ebe00cabf3465cb11862b4aebf24d994ac', 'lmdi-0.9.4', 'klient', 1741849200000000, 1741935600000000, 1741935601000000, 1741935602000000, 'accepted', 1, 1, 0, 0, 0, 0, '\x1e352e272d5a584001bd7d7c7e827e22', '\x01e9f00f5d13e36ed0284aa04a3eca5144390a8c1a636bb5a8632c5922861359c22d775887051c5c49', 'identity', 1, true, 1741935760000000, 1, NULL);

INSERT INTO public.message_code VALUES (1, 'LMR-4001', 3);
INSERT INTO public.message_code VALUES (1, 'LMR-6002', 1);

INSERT INTO public.message_content_2025_03_0 VALUES ('320000009', 2, 1741935602000000, '\x019ae71b145bf0a130619c50b4d818bd32d23931d05eeb71efeb89418c18325f8f85084f42795cb50b0c40092b61ec2d7e0b94c08ff8e5a16abf3acf73c7f82d67c84f0627d6a3b503c1f0c034a42d903b1b7989aea1a47da0ee9de0c6d3759606c766ee7365c4378e194458dd60e82157db3b5b2b8e6b08');
INSERT INTO public.message_content_2025_03_0 VALUES ('320000009', 5, 1741935605000000, '\x01b568212dc8daa8ad3d17038dae5200ffcf15b703229902033b190c2ff4438d99a58ec3f74e0099c2bf231c4e0143111fc06315c43b96aa6996ff4020a42c9c58650fc1135b8b3ab8c23fd8cd20d2860fb3972fbbf5ba7df5b99c5a3197ea5c6facea75224285e592e4c466513f84e623e5f2e84c5f4d95');

INSERT INTO public.message_content_2025_03_3 VALUES ('310000019', 1, 1741935601000000, '\x01504a8611c4dc968fb47384ecc1904ce7d387bd7a95ac11d2e75f879d6d4391c4b418f11de24fdd008f375a1d6b083b6b520f509c0d830a3e994c9c662c1b66454d73705b611cf5bf550725f5089a7b8790283636431495931faf53ddfcb79dd2c4617bfb0a2870bacf386ad5c7c40edcc42c30e351feaf8449f7c8e69b21da7c');
INSERT INTO public.message_content_2025_03_3 VALUES ('310000019', 3, 1741935603000000, '\x018b95b98ee3cc930b4a881b6db00674d7aedcda8d4a7bca3cef7eb2e78a360045af4e7b3802d883604373aa2dd428e1b6b99bebdd37787aa1a14cd1e51987941e1ca77aec81f5405af4f28f65fba70b588432eb4675a8acf3034e0b43e2523b6a674628e577fae65672e97dbfdcd10d63e93c24e91e1ab3');

INSERT INTO public.refused_call OVERRIDING SYSTEM VALUE VALUES (1, 1741935605000000, '310000019', 'klient', 'm7', 'request-m7', 'LMR-2040', 2, 1, 1, 1);
INSERT INTO public.refused_call OVERRIDING SYSTEM VALUE VALUES (2, 1741935606000000, NULL, NULL, NULL, 'request-x', 'LMR-1001', 2, 1, 1, 2);

INSERT INTO public.resource VALUES ('00000000000000000000000000000002', 'Patient', '310000019', '\xbbd5b2e67a3018d6d08f31ab8b51369018ae668f0477ff7dc5257a616548a6e5', 1);
INSERT INTO public.resource VALUES ('00000000000000000000000000000003', 'Patient', '320000009', '\x6828e5cbfeb5988c056054261a363e1bd0986fb3a16275bc04500cc2708cc52b', 1);
INSERT INTO public.resource VALUES ('00000000000000000000000000000001', 'Patient', '310000019', '\x219622f0f35e5dd96deea930f46ebbfbdd9242a22b220bdd43ce0931edb2881a', 2);
INSERT INTO public.resource VALUES ('00000000000000000000000000000004', 'Patient', '320000009', '\x627246034f9e58aa236d814439d4f1417504ea2b6ac42304d2782b7211a0e67d', 1);

INSERT INTO public.resource_version VALUES ('00000000000000000000000000000001', 1, 1, 0, 1741935601000000, '\x01222a4222b95c9b277b1048f8089b6e305fe3a8853e887ea6c87510aa24b567017d04682e0d5a510c2773fa423e396ae69a42e65393c50a37239fc44d', '\x', '\x01bd0b20912442bee0b90ce0b80856ae69a1a449d7535a4100326b596d67d41c6f2b23a01c', 61, 33);
INSERT INTO public.resource_version VALUES ('00000000000000000000000000000002', 1, 1, 1, 1741935601000000, '\x01132f3cffe44fb7fd39f5e95f653450694ad460a80f214035116d02dcf331a6291748a40780759f473c053fa43f6a00417bed09b3d72f25a31ed191a4', '\x', NULL, 108, 33);
INSERT INTO public.resource_version VALUES ('00000000000000000000000000000003', 1, 2, 0, 1741935602000000, '\x01ea2a052b26aa5ea8922e1eeef1e27fe259a30674c874d20f6a6328c9a233f3032bdbd9b1add58346ad90dd16d2d5be3c611c9c8476e693d4a493f49d', '\x', NULL, 61, 33);
INSERT INTO public.resource_version VALUES ('00000000000000000000000000000001', 2, 3, 0, 1741935603000000, '\x01953c34fbe1e8283eaf813944cff23c8785743442a867458f7d3fd0b12ec4333ab53facae7a6a8f0b00f8539d7daa3d0999c505b5c84459f67eee0de2', '\x', NULL, 61, 33);
INSERT INTO public.resource_version VALUES ('00000000000000000000000000000004', 1, 5, 0, 1741935605000000, '\x011bb287c2dead03f301482d5d01d1bba1ed14ae9aad3b5bc204b8d52bed156ce78a0b59327572dfb25db15a1270cad25cf7191ff5cdb9e7fae76be09c', '\x', NULL, 61, 33);

INSERT INTO public.used_proof VALUES ('\x0000000000000001000000000000000000000000000000000000000000000000', 1741935670000000);

SELECT pg_catalog.setval('public.message_id_seq', 5, true);

SELECT pg_catalog.setval('public.refused_call_id_seq', 2, true);

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (chain, sequence);

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (chain);

ALTER TABLE ONLY public.avsender_address
    ADD CONSTRAINT avsender_address_pkey PRIMARY KEY (organisation, "position");

ALTER TABLE ONLY public.avsender_certificate
    ADD CONSTRAINT avsender_certificate_pkey PRIMARY KEY (organisation, "position");

ALTER TABLE ONLY public.avsender
    ADD CONSTRAINT avsender_pkey PRIMARY KEY (organisation);

ALTER TABLE ONLY public.identifier_system
    ADD CONSTRAINT identifier_system_pkey PRIMARY KEY (system_mac, organisation);

ALTER TABLE ONLY public.key_check
    ADD CONSTRAINT key_check_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_bundle_identifier_mac_key UNIQUE (bundle_identifier_mac);

ALTER TABLE ONLY public.message_code
    ADD CONSTRAINT message_code_pkey PRIMARY KEY (message, code);

ALTER TABLE ONLY public.message_content
    ADD CONSTRAINT message_content_pkey PRIMARY KEY (organisation, message, received_at);

ALTER TABLE ONLY public.message_content_2025_03
    ADD CONSTRAINT message_content_2025_03_pkey PRIMARY KEY (organisation, message, received_at);

ALTER TABLE ONLY public.message_content_2025_03_0
    ADD CONSTRAINT message_content_2025_03_0_pkey PRIMARY KEY (organisation, message, received_at);

ALTER TABLE ONLY public.message_content_2025_03_1
    ADD CONSTRAINT message_content_2025_03_1_pkey PRIMARY KEY (organisation, message, received_at);

ALTER TABLE ONLY public.message_content_2025_03_2
    ADD CONSTRAINT message_content_2025_03_2_pkey PRIMARY KEY (organisation, message, received_at);

ALTER TABLE ONLY public.message_content_2025_03_3
    ADD CONSTRAINT message_content_2025_03_3_pkey PRIMARY KEY (organisation, message, received_at);

ALTER TABLE ONLY public.message_content_rest
    ADD CONSTRAINT message_content_rest_pkey PRIMARY KEY (organisation, message, received_at);

ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_content_sha256_key UNIQUE (content_sha256);

ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_organisation_message_id_key UNIQUE (organisation, message_id);

ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.refused_call
    ADD CONSTRAINT refused_call_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.resource
    ADD CONSTRAINT resource_identity_mac_key UNIQUE (identity_mac);

ALTER TABLE ONLY public.resource
    ADD CONSTRAINT resource_pkey PRIMARY KEY (resource_id);

ALTER TABLE ONLY public.resource_version
    ADD CONSTRAINT resource_version_pkey PRIMARY KEY (resource_id, version);

ALTER TABLE ONLY public.used_proof
    ADD CONSTRAINT used_proof_pkey PRIMARY KEY (digest);

CREATE INDEX audit_entry_at ON public.audit_entry USING btree (at);

CREATE INDEX message_code_code ON public.message_code USING btree (code, message);

CREATE INDEX message_organisation_received_at ON public.message USING btree (organisation, received_at);

CREATE INDEX message_received_at ON public.message USING btree (received_at);

CREATE INDEX message_waiting ON public.message USING btree (received_at, id) WHERE (has_content AND (acknowledged_at IS NULL));

CREATE INDEX refused_call_organisation ON public.refused_call USING btree (organisation, id);

CREATE INDEX refused_call_received_at ON public.refused_call USING btree (received_at);

CREATE INDEX resource_version_message ON public.resource_version USING btree (message);

CREATE INDEX used_proof_until ON public.used_proof USING btree (until);

ALTER INDEX public.message_content_2025_03_pkey ATTACH PARTITION public.message_content_2025_03_0_pkey;

ALTER INDEX public.message_content_2025_03_pkey ATTACH PARTITION public.message_content_2025_03_1_pkey;

ALTER INDEX public.message_content_2025_03_pkey ATTACH PARTITION public.message_content_2025_03_2_pkey;

ALTER INDEX public.message_content_2025_03_pkey ATTACH PARTITION public.message_content_2025_03_3_pkey;

ALTER INDEX public.message_content_pkey ATTACH PARTITION public.message_content_2025_03_pkey;

ALTER INDEX public.message_content_pkey ATTACH PARTITION public.message_content_rest_pkey;

CREATE TRIGGER audit_entry_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION public.audit_entry_stays();

ALTER TABLE ONLY public.avsender_address
    ADD CONSTRAINT avsender_address_organisation_fkey FOREIGN KEY (organisation) REFERENCES public.avsender(organisation) ON DELETE CASCADE;

ALTER TABLE ONLY public.avsender_certificate
    ADD CONSTRAINT avsender_certificate_organisation_fkey FOREIGN KEY (organisation) REFERENCES public.avsender(organisation) ON DELETE CASCADE;

ALTER TABLE ONLY public.message_code
    ADD CONSTRAINT message_code_message_fkey FOREIGN KEY (message) REFERENCES public.message(id);

ALTER TABLE ONLY public.resource_version
    ADD CONSTRAINT resource_version_message_fkey FOREIGN KEY (message) REFERENCES public.message(id);

ALTER TABLE ONLY public.resource_version
    ADD CONSTRAINT resource_version_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES public.resource(resource_id);

