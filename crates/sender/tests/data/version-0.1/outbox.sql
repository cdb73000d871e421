PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'outbox','2026-11-26 00:14:02',1,X'5ae1df02b4603f8bd9e3b4d97929240c06690d9cbc0d0138edbb625132e624aa581d494fc27fe06f4c258204886c3ca8',929627);
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
INSERT INTO setting VALUES('key','e512af677c2c620a');
INSERT INTO setting VALUES('organisation','310000027');
INSERT INTO setting VALUES('last-success','2026-11-26T00:14:07.465997178Z');
CREATE TABLE stored (
    identity      BLOB PRIMARY KEY,
    version       BLOB NOT NULL,
    resource_type TEXT NOT NULL,
    seq           INTEGER NOT NULL,
    at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO stored VALUES(X'01fe6d1c58e4119e4ca0086cafb953407913a08fb1e229cf040b6bbc6f7bfd42',X'dd6a049016a91bb6de999406e4974306be226f8b371701ad29ba087d262f0574','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'02906815d218201de3c4966a1ccedf74037139b263bd26594aa1c5c7b9a496b5',X'9574620db7a1466b08ba0b50bd4048cf268ef363ba68972fc9184f131162d2ab','MedicationAdministration',1,1795652042601);
INSERT INTO stored VALUES(X'03adbb1d43cf1643d6271826b908d5249d9a40c7052512b9ff4337e9b9b9f853',X'bd46dc74db6d3e336e329cc9ec7751f027b19978dc07e79226224cbf6500e308','Condition',1,1795652042601);
INSERT INTO stored VALUES(X'0cf742ea49ec4702cba6de7622957ed7dfd8d895591c0d38fa86b1ff9230304f',X'0a929f0d642f92e99a1c9d4a8ca647014cf3d3b9f95f541f763e6980a21777f9','Patient',1,1795652042601);
INSERT INTO stored VALUES(X'1f7b4484125701de462c761cbe18e7e5bbffa3df54dfe0818539a96f2cb2aa99',X'2bc755462aa0fe8c8df3a2141ec9adfde92ca23e95a3b981281e8457f242fb6b','MedicationAdministration',1,1795652042601);
INSERT INTO stored VALUES(X'1fc63119b074f1c599864b9c5290247582d2ec44e037a5d98336cf92c62f9b29',X'df2d9d60ae2ae5ab2b51e949a0aee441ff632113f8a865ea8d145013d27db3cd','Organization',1,1795652042601);
INSERT INTO stored VALUES(X'21d5be70f6bfc76ffe5a2c575a7ed15f39365040d81e291858204f0d0de75adb',X'6b402ec3cc28689afb899166a70b4a84747244d01d89fe33dc9b5a87b306f46a','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'27b968be749b6c4dcb3fafbbb2833364a5989b0f89e9ee537fd9a79183bf33e6',X'a4ada78010d3eec74b45e51e63c9a017c8f1ae86a85506bf51aeb3b763df58b3','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'2a5647a55af06fe0d872a70ccb9923ed5b044317b099e64597d46c12fb3bd1bf',X'913517af15f8959ecd637a3288a95e20c198f984bf5fc30fcbea58fcc6ccec7f','MedicationAdministration',1,1795652042601);
INSERT INTO stored VALUES(X'2fa70cfe057ba51970d1cebec114981285382e01ce5cfaae9155b3626ae8121f',X'2b13ec14496084911421959b340bab559c2c30f13a7f70e97e9288c6726ace3a','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'3dfb8a6ef58a2da72485caac79c688f2db5615c50f3c3305926fea229843202e',X'53964df17371df5d2b797da848f4485f1dad0e07b6f4d319edb01d65ea8c7d97','PractitionerRole',1,1795652042601);
INSERT INTO stored VALUES(X'4216d64f807c6e217f508899ef5b950219d16aeba1bdecaf9db05d122acc29b9',X'2be9e83634fbb7ba3c2458c9539ddfdfe35a45408c6985405424524f46bf7263','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'45f688b7861ce5a5fcaf3c9ab4cdc79db109c9618266b281e0a813ded5877ddc',X'd0344d618ba0cbfd4fedacf9daccf031453f52b3068e5c2d45eddc1a719e5243','MedicationAdministration',1,1795652042601);
INSERT INTO stored VALUES(X'4ac9b76f64b3b5cf643fd2bf19a7356d53e1ed108d36b237eb268639e372df74',X'8c6e11b52c2e788fefc2cd92cfde72577941731df473f64c074ab6ad632c891f','Organization',1,1795652042601);
INSERT INTO stored VALUES(X'4f8288576c5ffaf1b8ba858a99736418b5b0e94c8e0d11921c895d0e7100130d',X'80840f23c2c8ac8baa96165b0adf6e5363e4e124a38e9e93968fef963e1c5a79','Practitioner',1,1795652042601);
INSERT INTO stored VALUES(X'5088ecd8a1fdaf24ef7be45d82146649f92e0dd350993872b6bbfbe30f060757',X'8cadc1f3cfcc46b1b57448f0a2ee3d93fe5014c3086a55703d889fc59060eec2','Organization',1,1795652042601);
INSERT INTO stored VALUES(X'547a296e958b08bafcc77e4d48d6923ffa282ef8b574cc2d7ee82e5e2569949a',X'33fa08d668525228b115a1ecc908f5ae75109226237e03787e8694e37c3d5592','MedicationAdministration',1,1795652042601);
INSERT INTO stored VALUES(X'5bc0f574fc26082c03165b2475115eac75e860ac831f1f22d0f60929a0f08b81',X'3ecfb3c675328c06b22399f0ee53f02ab83b4d3eabf221cfedb3916157a4fbf1','EpisodeOfCare',1,1795652042601);
INSERT INTO stored VALUES(X'707b38b37f066ef663636cc9d315ff8aea66357e6f777a0be8dbdfe9a06b5f99',X'b59902511496e8a8baa964f8b61db3787f6dd8ea7d79593eee4f4cf31c5e7a67','Practitioner',1,1795652042601);
INSERT INTO stored VALUES(X'74937a1846c676e52a72143885b602fadb441c4b92fb30ce158338aca6011e15',X'59fd6f2b2ce81c2c0099e52100e215aa2d4e99e17ea70434301db7653891553c','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'780080c734acaa0b9a73c57e145b38b626618b25f3fa003a514af060a134f3b4',X'e7298a0dd6e57f00a7d140d7d274d38f60daa971808369d7e4bf736592b36096','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'7f5610f3cb480832afbf3b2b8e0a64ca308d258ea54d98ecd06d37661e79bacf',X'd74e19b58fca77bcf1e54081d0f2fead1241e59d682a2bf7800c5183ddd85088','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'8669c10d63751e095446e1596c65b01758618be5f9267e30eb63072a58780a70',X'8c0aac43ff4519d06ada731199a3f236288736df0fac09124ae5a14d19d356d7','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'905c5e87d7bcb8f893d83f34e2f19ac8d461787431a43bcc01a1735f36cc98bc',X'ed294427841b280b632ad5700a6b9ad94eb944f19abc391119f9abd2b2461aa7','PractitionerRole',1,1795652042601);
INSERT INTO stored VALUES(X'a184b20aab0e11cbf271a4a34d821b1e9954b64c3dc943ae6a7644d1b208b51c',X'06f72daf6a7c130ea1463ed23d6c0a5320b62d2cda60eda80c5da79c8c418155','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'a9e9698b75cc27c22796e89708f74babe6b4f398f6c8cf82db0bbb807f153b2b',X'd2b25ec1d675f40816b625116da07bb941548a93b769f434ed4d07cb6628a715','EpisodeOfCare',1,1795652042601);
INSERT INTO stored VALUES(X'af3df4747926cb699608bdab9fc17ebf1bd441ee180e4a983e397ac8535be74c',X'62e50986cfc196aa1733af0e101051dc37c10a55153510507fada84f6e852048','Practitioner',1,1795652042601);
INSERT INTO stored VALUES(X'bf3dd1723945d874f0223779c59f6421e84cd6326ad605206e5e4acd66a50635',X'00f2aef746186eb61189ee633cf9b045294326a11afad4261251a09f9756d567','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'c1b516de6b04eefb55dc659f550fefe6fcecef7e280f7f5e15079882c35e55c3',X'57eff8d49b668ffc4b752adeb5ac46cfc9f06ca377b54db7cf852dd2a295a628','EpisodeOfCare',1,1795652042601);
INSERT INTO stored VALUES(X'c3b654ad135b8bdc9f4d1fa6813f6a5bbcecda87559883d3f926eaadb8ad4624',X'b9ef5680b7120cff49404549779fe36f1c7e5acf37947d4ffd621934b81a096d','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'c621348726ccc2aa98b6afce1d9c57989a4e9173930bb2d9ca655f2e3624bf93',X'5e74179dfcf91b5b09f966b15f9e9c1883b5e0200c444f6852fa50163689e908','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'cc817c1a21566c762a660eab5dc5e78b472c1d7c6f93a71f90414fe963e8345d',X'28b21042614c9957c73e6d246db5cde035ae9d0dbd13c0d08c6201dfad633c85','Condition',1,1795652042601);
INSERT INTO stored VALUES(X'd0dea3a5acae8bd3fd419c430530fb150bfab36f24d5ad8f035d6432433af3de',X'a360ddde6608eeed61c2111ee5aa91d71c19a0ccb40b914d77401095e9fdc572','PractitionerRole',1,1795652042601);
INSERT INTO stored VALUES(X'd1e11ecb3ffbead891700768294f3a5277702d4421b414d3eb4c047dc36b9a06',X'228caf4067f3f270682e102bce42be89a0c106cb759cb044f3d08fd52d944df0','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'd240efb71dc0348a643dfba53737f4f81b98135e018540f6cf93682e8e5bc499',X'828a092eb063195550251f99ea615b3b896934920db80e227a3be4b12e2c9ff3','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'd29c25d0e0f4ae5d24075d8ab6fbc5875f05b186694cb77eb00035c5c931594e',X'0b6395e052851cbc621e79b304cd66a790c672d888c16ac875602a1d8731810f','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'd333a2df85b0b2bb70f5b7339560438ce142caf232e5ebcd5db06a1acc0b64e2',X'35eb5245ad0a8566ae2c31ef6e6b20bdba778eff1753d025fc10515365fb7463','MedicationAdministration',1,1795652042601);
INSERT INTO stored VALUES(X'dad51675c2a75ebe7a8814bb571da3ef1897771b1b052f205517d087a57f60cd',X'0a6be2d6cf5e13558b7e70d290193695b4eea7a4f4d39809256823cd36f5f6d3','MedicationRequest',1,1795652042601);
INSERT INTO stored VALUES(X'dc67cb62d023d20fd43fc4114236642695bd6f6927eb72aaa667836f52dc7f82',X'bff459d5318dd9df3833128d78d127cf2642ff46b3d63d06a67a7f960b3744ce','Organization',1,1795652042601);
INSERT INTO stored VALUES(X'e1e34ab20d8ac917ec21b4d10c655b7f1027ce5e2f9b9a9f621cd5ce9e665cac',X'f8f2547f866991eff087fb8ae40437558655400d43cbb2d3d6a2a4bf540810c6','MedicationAdministration',1,1795652042601);
INSERT INTO stored VALUES(X'e252c4286dab05101c0649f0eb04bfca5cb65df37e42796ed1202b8f8b7b5fa4',X'b15887ea931d98bb62ec4310bec864f7ac3f5de032095e7635e55be80db1c636','Organization',2,1795652047446);
INSERT INTO stored VALUES(X'e75001915334af60a9c03081267e4bd5681e180f8f8c5288cccaec397e574714',X'f9af80f6443d3c899451bb8e5ac51848c7a80df4a1ae477a56cde3cdc8867dda','Medication',1,1795652042601);
INSERT INTO stored VALUES(X'f84b1b6585425d9254e43dd568936ff1ca59bd33a90f2defde40dfbf77f28968',X'a57d43d1134a7807858f269ea47e5c81002e4d07bb54f934925b733937a2b43d','Patient',1,1795652042601);
INSERT INTO stored VALUES(X'fd401885bd8cc8ea9ed19354b11dd0c02979d0afc609aa45c6b925f43e47d431',X'b572e454c59091292ee0b446b967ba1f27e5e7581009040ca7e76b8e168a7a42','Condition',1,1795652042601);
INSERT INTO stored VALUES(X'fe63eb88cd69b1aeeb88e9b7761bbb60c468aba9e609022e2b555699b62db819',X'd21754badfc8c847256801a63eff6bfd2a0a7448b481bf5d31076854c4686a06','Patient',1,1795652042601);
CREATE TABLE held (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    identity      BLOB NOT NULL UNIQUE,
    version       BLOB NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id   TEXT,
    file          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    since         INTEGER NOT NULL,
    origin        TEXT NOT NULL CHECK (origin IN ('check', 'register')),
    message_id    TEXT,
    issues        TEXT NOT NULL
) STRICT;
INSERT INTO held VALUES(1,X'19bf55282e29fed5f190caa5fa514b8310c3c112a6f5aa393799d8e0323bdcd4',X'5087f9023e79dd62bc74d85206b96d8a40043b1578dc7c2e42a2c43f2d4d8d6a','MedicationAdministration','bad','bad.ndjson',1,1795652042263,'check',NULL,'[{"code":"LMR-5001","path":"MedicationAdministration.status","text_nb":"Ingen av kodeverkene i verdisettet LegemiddeladministreringStatus (http://hl7.no/fhir/ig/lmdi/ValueSet/lmdi-medicationadministrationstatus) har koden ''***''","text_en":"No code system of the value set LegemiddeladministreringStatus (http://hl7.no/fhir/ig/lmdi/ValueSet/lmdi-medicationadministrationstatus) has the code ''***''"},{"code":"LMR-5001","path":"MedicationAdministration.status","text_nb":"''***'' er ikke i verdisettet LegemiddeladministreringStatus (http://hl7.no/fhir/ig/lmdi/ValueSet/lmdi-medicationadministrationstatus), som er påkrevd","text_en":"''***'' is not in the value set LegemiddeladministreringStatus (http://hl7.no/fhir/ig/lmdi/ValueSet/lmdi-medicationadministrationstatus), which is required"},{"code":"LMR-5001","path":"MedicationAdministration.status","text_nb":"Ingen av kodeverkene i verdisettet Medication administration  status  codes (http://hl7.org/fhir/ValueSet/medication-admin-status|4.0.1) har koden ''***''","text_en":"No code system of the value set Medication administration  status  codes (http://hl7.org/fhir/ValueSet/medication-admin-status|4.0.1) has the code ''***''"},{"code":"LMR-5001","path":"MedicationAdministration.status","text_nb":"''***'' er ikke i verdisettet Medication administration  status  codes (http://hl7.org/fhir/ValueSet/medication-admin-status|4.0.1), som er påkrevd","text_en":"''***'' is not in the value set Medication administration  status  codes (http://hl7.org/fhir/ValueSet/medication-admin-status|4.0.1), which is required"}]');
CREATE TABLE message (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id       TEXT NOT NULL UNIQUE,
    made_at          INTEGER NOT NULL,
    state            TEXT NOT NULL CHECK (state IN
        ('planned', 'sending', 'waiting', 'exhausted', 'stopped', 'delivered', 'refused', 'released')),
    -- The message as it goes out; gone when nothing can be sent again.
    sealed           BLOB,
    bytes            INTEGER NOT NULL,
    resource_bytes     INTEGER NOT NULL,
    entries          INTEGER NOT NULL,
    round            INTEGER NOT NULL DEFAULT 0,
    may_have_arrived INTEGER NOT NULL DEFAULT 0,
    next_attempt     INTEGER,
    settled_at       INTEGER,
    reason           TEXT
) STRICT;
INSERT INTO message VALUES(1,'3dcdb181-8f61-4b2b-bd92-1e236cb57c7a',1795652042263,'delivered',NULL,6760,21763,45,1,0,NULL,1795652042601,NULL);
INSERT INTO message VALUES(2,'caa14cf2-db4a-4c38-a74f-54060aff3472',1795652044011,'delivered',NULL,2100,572,1,1,0,NULL,1795652047446,'no connection to the register: tcp connect error');
CREATE TABLE item (
    seq           INTEGER NOT NULL REFERENCES message (seq),
    position      INTEGER NOT NULL,
    identity      BLOB NOT NULL,
    version       BLOB NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('new', 'changed', 'dependency')),
    -- What the message was made for; the rest came along.
    root          INTEGER NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id   TEXT,
    file          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    outcome       TEXT,
    PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;
INSERT INTO item VALUES(1,0,X'fe63eb88cd69b1aeeb88e9b7761bbb60c468aba9e609022e2b555699b62db819',X'd21754badfc8c847256801a63eff6bfd2a0a7448b481bf5d31076854c4686a06','new',0,'Patient','pas-0','Patient.ndjson',1,'stored');
INSERT INTO item VALUES(1,1,X'cc817c1a21566c762a660eab5dc5e78b472c1d7c6f93a71f90414fe963e8345d',X'28b21042614c9957c73e6d246db5cde035ae9d0dbd13c0d08c6201dfad633c85','new',0,'Condition','diagnose-0','Condition.ndjson',1,'stored');
INSERT INTO item VALUES(1,2,X'e252c4286dab05101c0649f0eb04bfca5cb65df37e42796ed1202b8f8b7b5fa4',X'01876f82f123747f48abd0a62adabcf9cca83df7e838e009aa2b4c4e7baf9ec3','new',0,'Organization','org-hf','Organization.ndjson',1,'stored');
INSERT INTO item VALUES(1,3,X'5088ecd8a1fdaf24ef7be45d82146649f92e0dd350993872b6bbfbe30f060757',X'8cadc1f3cfcc46b1b57448f0a2ee3d93fe5014c3086a55703d889fc59060eec2','new',0,'Organization','org-sykehus','Organization.ndjson',2,'stored');
INSERT INTO item VALUES(1,4,X'4ac9b76f64b3b5cf643fd2bf19a7356d53e1ed108d36b237eb268639e372df74',X'8c6e11b52c2e788fefc2cd92cfde72577941731df473f64c074ab6ad632c891f','new',0,'Organization','org-post-0','Organization.ndjson',3,'stored');
INSERT INTO item VALUES(1,5,X'5bc0f574fc26082c03165b2475115eac75e860ac831f1f22d0f60929a0f08b81',X'3ecfb3c675328c06b22399f0ee53f02ab83b4d3eabf221cfedb3916157a4fbf1','new',0,'EpisodeOfCare','episode-0','EpisodeOfCare.ndjson',1,'stored');
INSERT INTO item VALUES(1,6,X'2fa70cfe057ba51970d1cebec114981285382e01ce5cfaae9155b3626ae8121f',X'2b13ec14496084911421959b340bab559c2c30f13a7f70e97e9288c6726ace3a','new',0,'Medication','legemiddel-3','Medication.ndjson',4,'stored');
INSERT INTO item VALUES(1,7,X'af3df4747926cb699608bdab9fc17ebf1bd441ee180e4a983e397ac8535be74c',X'62e50986cfc196aa1733af0e101051dc37c10a55153510507fada84f6e852048','new',0,'Practitioner','lege-0','Practitioner.ndjson',1,'stored');
INSERT INTO item VALUES(1,8,X'74937a1846c676e52a72143885b602fadb441c4b92fb30ce158338aca6011e15',X'59fd6f2b2ce81c2c0099e52100e215aa2d4e99e17ea70434301db7653891553c','new',1,'MedicationRequest','rekv-0-0','MedicationRequest.ndjson',1,'stored');
INSERT INTO item VALUES(1,9,X'547a296e958b08bafcc77e4d48d6923ffa282ef8b574cc2d7ee82e5e2569949a',X'33fa08d668525228b115a1ecc908f5ae75109226237e03787e8694e37c3d5592','new',1,'MedicationAdministration','adm-0','MedicationAdministration.ndjson',1,'stored');
INSERT INTO item VALUES(1,10,X'02906815d218201de3c4966a1ccedf74037139b263bd26594aa1c5c7b9a496b5',X'9574620db7a1466b08ba0b50bd4048cf268ef363ba68972fc9184f131162d2ab','new',1,'MedicationAdministration','adm-3','MedicationAdministration.ndjson',4,'stored');
INSERT INTO item VALUES(1,11,X'21d5be70f6bfc76ffe5a2c575a7ed15f39365040d81e291858204f0d0de75adb',X'6b402ec3cc28689afb899166a70b4a84747244d01d89fe33dc9b5a87b306f46a','new',0,'Medication','legemiddel-6','Medication.ndjson',7,'stored');
INSERT INTO item VALUES(1,12,X'dad51675c2a75ebe7a8814bb571da3ef1897771b1b052f205517d087a57f60cd',X'0a6be2d6cf5e13558b7e70d290193695b4eea7a4f4d39809256823cd36f5f6d3','new',1,'MedicationRequest','rekv-0-1','MedicationRequest.ndjson',2,'stored');
INSERT INTO item VALUES(1,13,X'01fe6d1c58e4119e4ca0086cafb953407913a08fb1e229cf040b6bbc6f7bfd42',X'dd6a049016a91bb6de999406e4974306be226f8b371701ad29ba087d262f0574','new',0,'Medication','b-med','bundle.json',7,'stored');
INSERT INTO item VALUES(1,14,X'd333a2df85b0b2bb70f5b7339560438ce142caf232e5ebcd5db06a1acc0b64e2',X'35eb5245ad0a8566ae2c31ef6e6b20bdba778eff1753d025fc10515365fb7463','new',1,'MedicationAdministration','b-adm','bundle.json',36,'stored');
INSERT INTO item VALUES(1,15,X'f84b1b6585425d9254e43dd568936ff1ca59bd33a90f2defde40dfbf77f28968',X'a57d43d1134a7807858f269ea47e5c81002e4d07bb54f934925b733937a2b43d','new',0,'Patient','pas-1','Patient.ndjson',2,'stored');
INSERT INTO item VALUES(1,16,X'03adbb1d43cf1643d6271826b908d5249d9a40c7052512b9ff4337e9b9b9f853',X'bd46dc74db6d3e336e329cc9ec7751f027b19978dc07e79226224cbf6500e308','new',0,'Condition','diagnose-1','Condition.ndjson',2,'stored');
INSERT INTO item VALUES(1,17,X'dc67cb62d023d20fd43fc4114236642695bd6f6927eb72aaa667836f52dc7f82',X'bff459d5318dd9df3833128d78d127cf2642ff46b3d63d06a67a7f960b3744ce','new',0,'Organization','org-post-1','Organization.ndjson',4,'stored');
INSERT INTO item VALUES(1,18,X'c1b516de6b04eefb55dc659f550fefe6fcecef7e280f7f5e15079882c35e55c3',X'57eff8d49b668ffc4b752adeb5ac46cfc9f06ca377b54db7cf852dd2a295a628','new',0,'EpisodeOfCare','episode-1','EpisodeOfCare.ndjson',2,'stored');
INSERT INTO item VALUES(1,19,X'd29c25d0e0f4ae5d24075d8ab6fbc5875f05b186694cb77eb00035c5c931594e',X'0b6395e052851cbc621e79b304cd66a790c672d888c16ac875602a1d8731810f','new',0,'Medication','legemiddel-0','Medication.ndjson',1,'stored');
INSERT INTO item VALUES(1,20,X'707b38b37f066ef663636cc9d315ff8aea66357e6f777a0be8dbdfe9a06b5f99',X'b59902511496e8a8baa964f8b61db3787f6dd8ea7d79593eee4f4cf31c5e7a67','new',0,'Practitioner','lege-1','Practitioner.ndjson',2,'stored');
INSERT INTO item VALUES(1,21,X'c3b654ad135b8bdc9f4d1fa6813f6a5bbcecda87559883d3f926eaadb8ad4624',X'b9ef5680b7120cff49404549779fe36f1c7e5acf37947d4ffd621934b81a096d','new',1,'MedicationRequest','rekv-1-2','MedicationRequest.ndjson',5,'stored');
INSERT INTO item VALUES(1,22,X'1f7b4484125701de462c761cbe18e7e5bbffa3df54dfe0818539a96f2cb2aa99',X'2bc755462aa0fe8c8df3a2141ec9adfde92ca23e95a3b981281e8457f242fb6b','new',1,'MedicationAdministration','adm-1','MedicationAdministration.ndjson',2,'stored');
INSERT INTO item VALUES(1,23,X'780080c734acaa0b9a73c57e145b38b626618b25f3fa003a514af060a134f3b4',X'e7298a0dd6e57f00a7d140d7d274d38f60daa971808369d7e4bf736592b36096','new',0,'Medication','legemiddel-7','Medication.ndjson',8,'stored');
INSERT INTO item VALUES(1,24,X'd1e11ecb3ffbead891700768294f3a5277702d4421b414d3eb4c047dc36b9a06',X'228caf4067f3f270682e102bce42be89a0c106cb759cb044f3d08fd52d944df0','new',1,'MedicationRequest','rekv-1-1','MedicationRequest.ndjson',4,'stored');
INSERT INTO item VALUES(1,25,X'e1e34ab20d8ac917ec21b4d10c655b7f1027ce5e2f9b9a9f621cd5ce9e665cac',X'f8f2547f866991eff087fb8ae40437558655400d43cbb2d3d6a2a4bf540810c6','new',1,'MedicationAdministration','adm-4','MedicationAdministration.ndjson',5,'stored');
INSERT INTO item VALUES(1,26,X'bf3dd1723945d874f0223779c59f6421e84cd6326ad605206e5e4acd66a50635',X'00f2aef746186eb61189ee633cf9b045294326a11afad4261251a09f9756d567','new',0,'Medication','legemiddel-4','Medication.ndjson',5,'stored');
INSERT INTO item VALUES(1,27,X'27b968be749b6c4dcb3fafbbb2833364a5989b0f89e9ee537fd9a79183bf33e6',X'a4ada78010d3eec74b45e51e63c9a017c8f1ae86a85506bf51aeb3b763df58b3','new',1,'MedicationRequest','rekv-1-0','MedicationRequest.ndjson',3,'stored');
INSERT INTO item VALUES(1,28,X'0cf742ea49ec4702cba6de7622957ed7dfd8d895591c0d38fa86b1ff9230304f',X'0a929f0d642f92e99a1c9d4a8ca647014cf3d3b9f95f541f763e6980a21777f9','new',0,'Patient','pas-2','Patient.ndjson',3,'stored');
INSERT INTO item VALUES(1,29,X'fd401885bd8cc8ea9ed19354b11dd0c02979d0afc609aa45c6b925f43e47d431',X'b572e454c59091292ee0b446b967ba1f27e5e7581009040ca7e76b8e168a7a42','new',0,'Condition','diagnose-2','Condition.ndjson',3,'stored');
INSERT INTO item VALUES(1,30,X'1fc63119b074f1c599864b9c5290247582d2ec44e037a5d98336cf92c62f9b29',X'df2d9d60ae2ae5ab2b51e949a0aee441ff632113f8a865ea8d145013d27db3cd','new',0,'Organization','org-post-2','Organization.ndjson',5,'stored');
INSERT INTO item VALUES(1,31,X'a9e9698b75cc27c22796e89708f74babe6b4f398f6c8cf82db0bbb807f153b2b',X'd2b25ec1d675f40816b625116da07bb941548a93b769f434ed4d07cb6628a715','new',0,'EpisodeOfCare','episode-2','EpisodeOfCare.ndjson',3,'stored');
INSERT INTO item VALUES(1,32,X'a184b20aab0e11cbf271a4a34d821b1e9954b64c3dc943ae6a7644d1b208b51c',X'06f72daf6a7c130ea1463ed23d6c0a5320b62d2cda60eda80c5da79c8c418155','new',0,'Medication','legemiddel-8','Medication.ndjson',9,'stored');
INSERT INTO item VALUES(1,33,X'4f8288576c5ffaf1b8ba858a99736418b5b0e94c8e0d11921c895d0e7100130d',X'80840f23c2c8ac8baa96165b0adf6e5363e4e124a38e9e93968fef963e1c5a79','new',0,'Practitioner','lege-2','Practitioner.ndjson',3,'stored');
INSERT INTO item VALUES(1,34,X'8669c10d63751e095446e1596c65b01758618be5f9267e30eb63072a58780a70',X'8c0aac43ff4519d06ada731199a3f236288736df0fac09124ae5a14d19d356d7','new',1,'MedicationRequest','rekv-2-1','MedicationRequest.ndjson',7,'stored');
INSERT INTO item VALUES(1,35,X'45f688b7861ce5a5fcaf3c9ab4cdc79db109c9618266b281e0a813ded5877ddc',X'd0344d618ba0cbfd4fedacf9daccf031453f52b3068e5c2d45eddc1a719e5243','new',1,'MedicationAdministration','adm-2','MedicationAdministration.ndjson',3,'stored');
INSERT INTO item VALUES(1,36,X'd240efb71dc0348a643dfba53737f4f81b98135e018540f6cf93682e8e5bc499',X'828a092eb063195550251f99ea615b3b896934920db80e227a3be4b12e2c9ff3','new',0,'Medication','legemiddel-1','Medication.ndjson',2,'stored');
INSERT INTO item VALUES(1,37,X'7f5610f3cb480832afbf3b2b8e0a64ca308d258ea54d98ecd06d37661e79bacf',X'd74e19b58fca77bcf1e54081d0f2fead1241e59d682a2bf7800c5183ddd85088','new',1,'MedicationRequest','rekv-2-2','MedicationRequest.ndjson',8,'stored');
INSERT INTO item VALUES(1,38,X'2a5647a55af06fe0d872a70ccb9923ed5b044317b099e64597d46c12fb3bd1bf',X'913517af15f8959ecd637a3288a95e20c198f984bf5fc30fcbea58fcc6ccec7f','new',1,'MedicationAdministration','adm-5','MedicationAdministration.ndjson',6,'stored');
INSERT INTO item VALUES(1,39,X'e75001915334af60a9c03081267e4bd5681e180f8f8c5288cccaec397e574714',X'f9af80f6443d3c899451bb8e5ac51848c7a80df4a1ae477a56cde3cdc8867dda','new',0,'Medication','legemiddel-5','Medication.ndjson',6,'stored');
INSERT INTO item VALUES(1,40,X'4216d64f807c6e217f508899ef5b950219d16aeba1bdecaf9db05d122acc29b9',X'2be9e83634fbb7ba3c2458c9539ddfdfe35a45408c6985405424524f46bf7263','new',1,'MedicationRequest','rekv-2-0','MedicationRequest.ndjson',6,'stored');
INSERT INTO item VALUES(1,41,X'c621348726ccc2aa98b6afce1d9c57989a4e9173930bb2d9ca655f2e3624bf93',X'5e74179dfcf91b5b09f966b15f9e9c1883b5e0200c444f6852fa50163689e908','new',1,'MedicationRequest','rekv-2-3','MedicationRequest.ndjson',9,'stored');
INSERT INTO item VALUES(1,42,X'905c5e87d7bcb8f893d83f34e2f19ac8d461787431a43bcc01a1735f36cc98bc',X'ed294427841b280b632ad5700a6b9ad94eb944f19abc391119f9abd2b2461aa7','new',1,'PractitionerRole','rolle-0','PractitionerRole.ndjson',1,'stored');
INSERT INTO item VALUES(1,43,X'd0dea3a5acae8bd3fd419c430530fb150bfab36f24d5ad8f035d6432433af3de',X'a360ddde6608eeed61c2111ee5aa91d71c19a0ccb40b914d77401095e9fdc572','new',1,'PractitionerRole','rolle-1','PractitionerRole.ndjson',2,'stored');
INSERT INTO item VALUES(1,44,X'3dfb8a6ef58a2da72485caac79c688f2db5615c50f3c3305926fea229843202e',X'53964df17371df5d2b797da848f4485f1dad0e07b6f4d319edb01d65ea8c7d97','new',1,'PractitionerRole','rolle-2','PractitionerRole.ndjson',3,'stored');
INSERT INTO item VALUES(2,0,X'e252c4286dab05101c0649f0eb04bfca5cb65df37e42796ed1202b8f8b7b5fa4',X'b15887ea931d98bb62ec4310bec864f7ac3f5de032095e7635e55be80db1c636','changed',1,'Organization','org-hf','Organization.ndjson',1,'stored');
CREATE TABLE attempt (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    seq         INTEGER NOT NULL REFERENCES message (seq),
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    outcome     TEXT,
    http_status INTEGER,
    detail      TEXT
) STRICT;
INSERT INTO attempt VALUES(1,1,1795652042479,1795652042601,'answered',200,'');
INSERT INTO attempt VALUES(2,2,1795652044244,1795652044270,'not-reached',NULL,'no connection to the register: tcp connect error');
INSERT INTO attempt VALUES(3,2,1795652047339,1795652047446,'answered',200,'');
CREATE TABLE run (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL CHECK (kind IN ('planned', 'retry')),
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    report     TEXT
) STRICT;
INSERT INTO run VALUES(1,'planned',1795652042261,1795652042619,'{"kind":"planned","started_at":"2026-11-26T00:14:02.261378274Z","ended_at":"2026-11-26T00:14:02.619588099Z","interrupted":0,"files":11,"resources":51,"damage":[],"doubled":[],"new":45,"changed":0,"dependencies":0,"held_before":0,"held_now":1,"waiting":0,"deferred":0,"too_early":0,"unused":5,"messages":[{"message_id":"3dcdb181-8f61-4b2b-bd92-1e236cb57c7a","state":"delivered","entries":45,"stored":45,"unchanged":0,"refused":0,"not_stored":0,"next_attempt":null,"detail":""}],"stop":null,"held":1,"open_messages":0,"next_attempt":null}');
INSERT INTO run VALUES(2,'planned',1795652043987,1795652044294,'{"kind":"planned","started_at":"2026-11-26T00:14:03.987838178Z","ended_at":"2026-11-26T00:14:04.294579716Z","interrupted":0,"files":11,"resources":51,"damage":[],"doubled":[],"new":0,"changed":1,"dependencies":0,"held_before":1,"held_now":0,"waiting":0,"deferred":0,"too_early":0,"unused":5,"messages":[{"message_id":"caa14cf2-db4a-4c38-a74f-54060aff3472","state":"waiting","entries":1,"stored":0,"unchanged":0,"refused":0,"not_stored":0,"next_attempt":"2026-11-26T01:14:04.270567332Z","detail":"no connection to the register: tcp connect error"}],"stop":null,"held":1,"open_messages":1,"next_attempt":"2026-11-26T01:14:04.27Z"}');
INSERT INTO run VALUES(3,'planned',1795652047335,1795652047449,'{"kind":"planned","started_at":"2026-11-26T00:14:07.335539302Z","ended_at":"2026-11-26T00:14:07.44977304Z","interrupted":0,"files":11,"resources":51,"damage":[],"doubled":[],"new":0,"changed":0,"dependencies":0,"held_before":1,"held_now":0,"waiting":0,"deferred":0,"too_early":0,"unused":5,"messages":[{"message_id":"caa14cf2-db4a-4c38-a74f-54060aff3472","state":"delivered","entries":1,"stored":1,"unchanged":0,"refused":0,"not_stored":0,"next_attempt":null,"detail":""}],"stop":null,"held":1,"open_messages":0,"next_attempt":null}');
INSERT INTO run VALUES(4,'planned',1795652047465,1795652047482,'{"kind":"planned","started_at":"2026-11-26T00:14:07.465997178Z","ended_at":"2026-11-26T00:14:07.482385491Z","interrupted":0,"files":11,"resources":51,"damage":[],"doubled":[],"new":0,"changed":0,"dependencies":0,"held_before":1,"held_now":0,"waiting":0,"deferred":0,"too_early":0,"unused":5,"messages":[],"stop":null,"held":1,"open_messages":0,"next_attempt":null}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('run',4);
INSERT INTO sqlite_sequence VALUES('held',1);
INSERT INTO sqlite_sequence VALUES('message',2);
INSERT INTO sqlite_sequence VALUES('attempt',3);
CREATE INDEX message_open ON message (state) WHERE state IN
    ('planned', 'sending', 'waiting', 'exhausted', 'stopped');
CREATE INDEX attempt_of ON attempt (seq);
COMMIT;
