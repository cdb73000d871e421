//! Every text of `--help` in bokmål, by the English one.

#[cfg(windows)]
pub(super) mod windows;

/// English as in the doc comments of the commands, without the full stop; bokmål.
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("Print help", "Skriv hjelpen"),
    ("Print help (see more with '--help')", "Skriv hjelpen (mer med «--help»)"),
    ("Print help (see a summary with '-h')", "Skriv hjelpen (kortere med «-h»)"),
    ("Print version", "Skriv versjonen"),
    (
        "Serve the page that checks files in the browser, or write it as a folder of files",
        "Gi ut siden som kontrollerer filer i nettleseren, eller skriv den som en mappe med filer",
    ),
    (
        "Nothing that is dropped on the page leaves the browser. Exit status: 0 when interrupted or written; 2 for arguments or files that cannot be used",
        "Ingenting som slippes på siden, forlater nettleseren. Sluttstatus: 0 når den avbrytes eller er skrevet; 2 for argumenter eller filer som ikke kan brukes",
    ),
    (
        "Address and port to listen on; port 0 takes a free one",
        "Adresse og port å lytte på; port 0 tar en ledig",
    ),
    (
        "Write the page into this folder, for any server of static files, instead of serving it",
        "Skriv siden i denne mappen, for en hvilken som helst tjener for statiske filer, i stedet for å gi den ut",
    ),
    (
        "The WebAssembly module that scripts/build-web makes; needed where the program was built without one",
        "WebAssembly-modulen som scripts/build-web lager; trengs der programmet er bygd uten en",
    ),
    (
        "Print this message or the help of the given subcommand(s)",
        "Skriv denne hjelpen, eller hjelpen til en kommando",
    ),
    ("Print help for the subcommand(s)", "Skriv hjelpen til en kommando"),
    (
        "Open transfer chain to the Norwegian medicine registry (Legemiddelregisteret)",
        "Åpen overføringskjede til Legemiddelregisteret",
    ),
    (
        "`lmr demo --once` runs the whole chain on this machine; `lmr help COMMAND` explains one command",
        "`lmr demo --once` kjører hele kjeden på denne maskinen; `lmr help KOMMANDO` forklarer én kommando",
    ),
    (
        "Language of what is printed, errors included",
        "Språket i det som skrives ut, feil medregnet",
    ),
    ("Norwegian bokmål", "norsk bokmål"),
    ("English", "engelsk"),
    (
        "Project file with packages, rule set, ignore list and rules of one's own; the nearest .lmr.toml above the working folder if left out",
        "Prosjektfil med pakker, regelsett, liste over utelatte funn og egne regler; hvis utelatt, den nærmeste .lmr.toml over arbeidsmappen",
    ),
    ("Use no .lmr.toml", "Bruk ingen .lmr.toml"),
    (
        "Findings of an earlier run: only new ones are shown and count",
        "Funn fra en tidligere kjøring: bare nye vises og teller",
    ),
    (
        "Write the findings of this run as a baseline; the exit status is then 0",
        "Skriv funnene fra denne kjøringen som grunnlinje; sluttstatus er da 0",
    ),
    (
        "Only files that git says have changed since this revision, or are new",
        "Bare filer som ifølge git er endret siden denne revisjonen, eller er nye",
    ),
    ("Validate again whenever a file changes", "Valider på nytt hver gang en fil endres"),
    (
        "Write an example of a profile, checked by the profile itself",
        "Skriv et eksempel på en profil, kontrollert av profilen selv",
    ),
    (
        "The same on every run, with synthetic persons. Without a profile it is a whole message of the guide: an administration and all that it refers to. Exit status 1 if no example without errors was found: what remains is named",
        "Det samme hver gang, med syntetiske personer. Uten profil er det en hel melding etter veiledningen: en administrering og alt den viser til. Sluttstatus 1 hvis det ikke fantes noe eksempel uten feil: det som gjenstår, nevnes",
    ),
    (
        "A profile's URL or name, or a type; `lmr explain` lists the profiles",
        "En profils URL eller navn, eller en type; `lmr explain` viser profilene",
    ),
    ("Only what must be there", "Bare det som må være med"),
    ("Everything that may be there", "Alt som kan være med"),
    (
        "Explain a profile, a type or an element in plain words",
        "Forklar en profil, en type eller et element med enkle ord",
    ),
    (
        "`lmr explain` lists the profiles; `lmr explain Patient` and `lmr explain Patient.identifier` explain the register's profile of the type, or the type itself with `--ruleset none`",
        "`lmr explain` viser profilene; `lmr explain Patient` og `lmr explain Patient.identifier` forklarer registerets profil av typen, eller selve typen med `--ruleset none`",
    ),
    (
        "A profile's URL or name, a type, or an element's path in one (Patient.identifier, URL#Patient.identifier:FNR)",
        "En profils URL eller navn, en type, eller stien til et element (Patient.identifier, URL#Patient.identifier:FNR)",
    ),
    (
        "The guide whose profiles are meant; `none` is plain R4 plus what --package names",
        "Veiledningen hvis profiler det gjelder; `none` er ren R4 pluss det --package nevner",
    ),
    (
        "Speak the Language Server Protocol with an editor",
        "Snakk med en editor etter Language Server Protocol",
    ),
    (
        "Findings while you write, what a profile demands where the cursor is, completion of elements and codes. Editors start it as `lmr lsp` for JSON files; what `.lmr.toml` says holds here too. Exit status: 1 where the editor goes without `shutdown`",
        "Funn mens du skriver, hva en profil krever der markøren er, fullføring av elementer og koder. Editorer starter det som `lmr lsp` for JSON-filer; det som står i `.lmr.toml`, gjelder her også. Sluttstatus: 1 der editoren går uten `shutdown`",
    ),
    (
        "Talk over standard input and output, which is the only way",
        "Snakk over standard inn og ut, som er den eneste måten",
    ),
    ("Senders and deliveries of a receiver", "Et mottaks avsendere og leveranser"),
    (
        "Exit status: 0 when done, when nothing had to be changed, and for an empty list; 1 where nothing goes by the name that `show` or `deliveries --message` was given, nobody has the number that `erase` was given, `export` has nothing to write, or the audit log does not hold; 2 when refused, or when something cannot be read, with the reason",
        "Sluttstatus: 0 når det er gjort, når ingenting måtte endres, og for en tom liste; 1 der ingenting har navnet som `show` eller `deliveries --message` fikk, ingen har nummeret som `erase` fikk, `export` ikke har noe å skrive, eller revisjonsloggen ikke holder; 2 når det er avvist, eller noe ikke kan leses, med grunnen",
    ),
    (
        "Move a sender's data to another of several databases; interrupted, the same command goes on",
        "Flytt en avsenders data til en annen av flere databaser; blir det avbrutt, fortsetter samme kommando",
    ),
    (
        "The database to move to: a name of `[databases]`, or main",
        "Databasen det flyttes til: et navn i `[databases]`, eller main",
    ),
    (
        "The database for its data, where there are several (`[databases]`); the main one if left out",
        "Databasen for dens data, der det er flere (`[databases]`); hvis utelatt, main",
    ),
    ("The receiver's configuration file", "Mottakets konfigurasjonsfil"),
    ("How to print", "Hvordan det skrives ut"),
    ("A JSON line per row", "Én JSON-linje per rad"),
    (
        "List senders, those of the configuration file included",
        "List opp avsendere, også dem i konfigurasjonsfilen",
    ),
    (
        "Register a new sender; what is registered already is left as it is",
        "Registrer en ny avsender; det som er registrert fra før, står urørt",
    ),
    (
        "Take one more certificate of a registered sender, before the old one ends",
        "Ta imot ett sertifikat til fra en registrert avsender, før det gamle går ut",
    ),
    (
        "Take a certificate of a registered sender no longer",
        "Slutt å godta et sertifikat fra en registrert avsender",
    ),
    (
        "Replace the addresses that a registered sender calls from",
        "Bytt ut adressene en registrert avsender kaller fra",
    ),
    (
        "Change the name, rule set or start date of a registered sender",
        "Endre navn, regelsett eller startdato for en registrert avsender",
    ),
    (
        "Read an operator's password for the console from standard input and write its hash to a new file",
        "Les en operatørs passord til konsollen fra standard inn og skriv hashen til en ny fil",
    ),
    (
        "Show the correction desk in a browser of this machine: status, what is held by cause, release and discard",
        "Vis arbeidsbordet i en nettleser på denne maskinen: status, det som holdes tilbake etter årsak, frigi og forkast",
    ),
    (
        "Port of loopback to listen on; 0 takes a free one",
        "Port på loopback som det lyttes på; 0 tar en ledig",
    ),
    (
        "Who decides, for the journal; the user's login name if left out",
        "Hvem som avgjør, til journalen; brukerens innloggingsnavn hvis det er utelatt",
    ),
    ("Let a registered sender send again", "La en registrert avsender sende igjen"),
    ("Stop a registered sender for now", "Stans en registrert avsender inntil videre"),
    (
        "Remove a registered sender; what it delivered stays",
        "Fjern en registrert avsender; det den har levert, blir værende",
    ),
    (
        "List deliveries and refused calls, newest first",
        "List opp leveranser og avviste kall, de nyeste først",
    ),
    (
        "Who has and who has not delivered lately",
        "Hvem som har levert i det siste, og hvem som ikke har det",
    ),
    ("Days to look back", "Antall dager tilbake"),
    (
        "Show a message's resources, or one resource's versions; recorded with the reason",
        "Vis ressursene i en melding, eller versjonene av én ressurs; loggføres med begrunnelsen",
    ),
    (
        "Write stored resources to NDJSON files, one for each type; recorded with the reason",
        "Skriv lagrede ressurser til NDJSON-filer, én per type; loggføres med begrunnelsen",
    ),
    (
        "Erase a person's resources; recorded with the reason",
        "Slett en persons ressurser; loggføres med begrunnelsen",
    ),
    (
        "Remove what is older than the retention settings allow; the receiver does so once an hour",
        "Fjern det som er eldre enn [retention] tillater; mottaket gjør det en gang i timen",
    ),
    ("How much waits at the outlet", "Hvor mye som venter i utleveringen"),
    (
        "The log of who sent, read, changed, exported or erased what",
        "Loggen over hvem som har sendt, lest, endret, eksportert eller slettet hva",
    ),
    (
        "Make a key for a database (column_key, hash_key) and write it to a new file",
        "Lag en nøkkel til en database (column_key, hash_key) og skriv den til en ny fil",
    ),
    ("The file to write; it must not exist", "Filen som skrives; den kan ikke finnes fra før"),
    ("Organisation number, nine digits", "Organisasjonsnummer, ni sifre"),
    ("Explain the register's error codes", "Forklar registerets feilkoder"),
    (
        "Without codes: the whole list. With codes: meaning, cause, a wrong and a right example, remedy",
        "Uten koder: hele listen. Med koder: betydning, årsak, et galt og et riktig eksempel, hva som må gjøres",
    ),
    (
        "Codes to explain, e.g. LMR-4001 or 4001",
        "Koder som skal forklares, f.eks. LMR-4001 eller 4001",
    ),
    ("One JSON line per code", "Én JSON-linje per kode"),
    ("Warn of it", "Advar"),
    ("Refuse the entry", "Avvis oppføringen"),
    (
        "Play the whole chain on this machine with synthetic people",
        "Spill hele kjeden på denne maskinen med syntetiske personer",
    ),
    (
        "What to play; may be repeated. Without it `days` and `correction`",
        "Hva som spilles; kan gjentas. Uten den `days` og `correction`",
    ),
    (
        "Three days of two hospitals, with changes, a fault and its correction",
        "Tre dager for to sykehus, med endringer, en feil og rettingen av den",
    ),
    ("A record is corrected, another annulled", "En post rettes, en annen annulleres"),
    (
        "The receiver is away, for hours and then for longer than the new attempts last",
        "Mottaket er nede, i timer og så lenger enn de nye forsøkene varer",
    ),
    ("A hospital changes its enterprise certificate", "Et sykehus bytter virksomhetssertifikat"),
    ("A hospital's clock is hours ahead", "Klokken til et sykehus går timer for fort"),
    ("All of them", "Alle sammen"),
    (
        "Makes keys and certificates, starts a local HelseID and a receiver on loopback, sends three days of two hospitals (0.9.4 as batch, 1.1.7 as transaction), with changes, a fault and its correction, or what --scenario names. Exit status 1 if one of its own checks does not hold",
        "Lager nøkler og sertifikater, starter en lokal HelseID og et mottak på loopback, sender tre dager fra to sykehus (0.9.4 som batch, 1.1.7 som transaction), med endringer, en feil og rettingen av den, eller det --scenario nevner. Sluttstatus 1 hvis en av dens egne kontroller ikke holder",
    ),
    (
        "End when the story is over; without it the servers stay up, and the operator's console and the hospital's desk open",
        "Avslutt når fortellingen er over; ellers blir tjenerne stående, og operatørens konsoll og sykehusets arbeidsbord åpnes",
    ),
    (
        "Medication administrations on the first day of each hospital",
        "Legemiddeladministreringer den første dagen ved hvert sykehus",
    ),
    (
        "Keep databases and files here instead of in a temporary folder; made if it is not there, and empty",
        "Behold databaser og filer her i stedet for i en midlertidig mappe; lages om den ikke finnes, og skal være tom",
    ),
    (
        "Try everything that a configuration file names and say what does not work",
        "Prøv alt en konfigurasjonsfil nevner, og si hva som ikke virker",
    ),
    (
        "A sender's file: files, modes, disk, source, rule set, certificates, HelseID, clock and the receiver, which is asked to validate a message that it does not store. A receiver's: its files, certificates, TLS, database, HelseID, ports, and all else that a start needs. Nothing is stored or changed. Exit status: 0 when everything works, 1 when something does not, 2 when the file cannot be used",
        "En avsenders fil: filer, rettigheter, disk, kilde, regelsett, sertifikater, HelseID, klokke og mottaket, som blir bedt om å validere en melding det ikke lagrer. Et mottaks: filene, sertifikatene, TLS, databasen, HelseID, portene og alt annet en start trenger. Ingenting lagres eller endres. Sluttstatus: 0 når alt virker, 1 når noe ikke gjør det, 2 når filen ikke kan brukes",
    ),
    ("receiver.toml or sender.toml", "receiver.toml eller sender.toml"),
    ("For people", "For mennesker"),
    ("For programs", "For programmer"),
    ("A JSON line per check", "Én JSON-linje per kontroll"),
    ("Seal a bundle into a SignertKryptertBundle", "Forsegl en Bundle i en SignertKryptertBundle"),
    (
        "Compresses, encrypts for the register's certificate and signs with the sender's. The message is not posted; `lmr send` does that",
        "Komprimerer, krypterer til registerets sertifikat og signerer med avsenderens. Meldingen sendes ikke; det gjør `lmr send`",
    ),
    ("The bundle as FHIR JSON; - is standard input", "Bundle som FHIR JSON; - er standard inn"),
    (
        "The sender's enterprise certificate (PEM, DER, PKCS#12, or a pkcs11: URI)",
        "Avsenderens virksomhetssertifikat (PEM, DER, PKCS#12 eller en pkcs11:-URI)",
    ),
    (
        "Its private key: PEM, DER, JWK, PKCS#12, or a pkcs11: URI",
        "Den private nøkkelen til det: PEM, DER, JWK, PKCS#12 eller en pkcs11:-URI",
    ),
    (
        "File with the password of the key, or the PIN of its token",
        "Fil med passordet til nøkkelen, eller PIN-koden til tokenet den er på",
    ),
    ("Variable of the environment with the same", "Miljøvariabel med det samme"),
    ("The register's enterprise certificate", "Registerets virksomhetssertifikat"),
    (
        "The sender's organisation number; that of the certificate if left out",
        "Avsenderens organisasjonsnummer; sertifikatets hvis det utelates",
    ),
    ("Id of the message; a new UUID if left out", "Meldingens id; en ny UUID hvis den utelates"),
    (
        "Start of the reporting period, ISO 8601 (no offset: Norwegian time); 24 hours ago if left out",
        "Start på rapporteringsperioden, ISO 8601 (uten tidssone: norsk tid); for 24 timer siden hvis den utelates",
    ),
    (
        "End of the reporting period; now if left out",
        "Slutt på rapporteringsperioden; nå hvis den utelates",
    ),
    (
        "Where to write the message; standard output if left out",
        "Hvor meldingen skrives; standard ut hvis det utelates",
    ),
    (
        "Seal content that is not a FHIR Bundle: to see how a receiver takes it",
        "Forsegl innhold som ikke er en FHIR-Bundle: for å se hvordan et mottak tar det",
    ),
    ("Open a SignertKryptertBundle", "Åpne en SignertKryptertBundle"),
    (
        "Checks the signature, decrypts and inflates; needs the register's private key",
        "Kontrollerer signaturen, dekrypterer og pakker ut; trenger registerets private nøkkel",
    ),
    ("The message; - is standard input", "Meldingen; - er standard inn"),
    (
        "The sender's enterprise certificate, to check the signature with",
        "Avsenderens virksomhetssertifikat, som signaturen kontrolleres med",
    ),
    (
        "Take the certificate's validity at this moment instead of now",
        "Bruk sertifikatets gyldighet på dette tidspunktet i stedet for nå",
    ),
    (
        "Where to write the bundle; standard output if left out",
        "Hvor Bundle skrives; standard ut hvis det utelates",
    ),
    ("Evaluate a FHIRPath expression on a resource", "Evaluer et FHIRPath-uttrykk på en ressurs"),
    (
        "Prints a JSON line per item: {\"type\":\"...\",\"value\":...}. Exit status: 1 when the evaluation fails, 2 for a faulty expression or unusable input",
        "Skriver én JSON-linje per element: {\"type\":\"...\",\"value\":...}. Sluttstatus: 1 når evalueringen mislykkes, 2 for et feil uttrykk eller inndata som ikke kan brukes",
    ),
    ("The expression", "Uttrykket"),
    (
        "A resource as JSON or XML, or one a line (.ndjson), packed as .gz or not; - is standard input, of any kind",
        "En ressurs som JSON eller XML, eller én per linje (.ndjson), pakket som .gz eller ikke; - er standard inn, av alle slag",
    ),
    (
        "Evaluate from the items that this expression gives, one after the other",
        "Evaluer fra elementene dette uttrykket gir, ett etter ett",
    ),
    (
        "Do not check the names of the expression against the definitions first",
        "Ikke kontroller navnene i uttrykket mot definisjonene først",
    ),
    (
        "List and install FHIR packages in the standard cache (~/.fhir/packages)",
        "List opp og installer FHIR-pakker i standardmappen (~/.fhir/packages)",
    ),
    ("Another folder than ~/.fhir/packages", "En annen mappe enn ~/.fhir/packages"),
    ("List installed packages", "List opp installerte pakker"),
    ("Install packages from .tgz files", "Installer pakker fra .tgz-filer"),
    ("The .tgz files", ".tgz-filene"),
    ("The register's receipts", "Registerets kvitteringer"),
    (
        "The register signs a receipt for every message that it has stored, and the sender keeps it. Each names the digest of the one before it, so receipts show what was delivered, and that none was lost or changed since",
        "Registeret signerer en kvittering for hver melding det har lagret, og avsenderen tar vare på den. Hver kvittering nevner sjekksummen av den forrige, så kvitteringene viser hva som er levert, og at ingen er borte eller endret siden",
    ),
    (
        "Verify receipts with the register's certificate, one by one and as a chain",
        "Kontroller kvitteringer med registerets sertifikat, én for én og som kjede",
    ),
    (
        "Exit status: 0 when all hold and follow each other; 1 when one does not; 2 for input that cannot be used",
        "Sluttstatus: 0 når alle holder og følger hverandre; 1 når en ikke gjør det; 2 for inndata som ikke kan brukes",
    ),
    (
        "Receipts, one a line, or JSON lines of `lmr receipt list`; - is standard input",
        "Kvitteringer, én per linje, eller JSON-linjer fra `lmr receipt list`; - er standard inn",
    ),
    (
        "The register's enterprise certificate (PEM or DER); may be repeated around a change",
        "Registerets virksomhetssertifikat (PEM eller DER); kan gjentas rundt et bytte",
    ),
    (
        "Hold the receipt against this message, a SignertKryptertBundle; needs one receipt",
        "Hold kvitteringen mot denne meldingen, en SignertKryptertBundle; krever én kvittering",
    ),
    (
        "Hold the receipt against this answer's body; needs one receipt",
        "Hold kvitteringen mot innholdet i dette svaret; krever én kvittering",
    ),
    (
        "Print the receipts that the sender has kept, as JSON lines",
        "Skriv ut kvitteringene avsenderen har tatt vare på, som JSON-linjer",
    ),
    ("The sender's configuration file", "Avsenderens konfigurasjonsfil"),
    (
        "List the rule sets with the guide's version and date, and the digest of their definitions",
        "List opp regelsettene med veiledningens versjon og dato, og sjekksummen av definisjonene",
    ),
    ("One JSON line per rule set", "Én JSON-linje per regelsett"),
    (
        "A simulated world to try things in: nothing in it is real",
        "En simulert verden å prøve ting i: ingenting i den er ekte",
    ),
    (
        "Fill a folder with keys, certificates, configuration and a hospital's data",
        "Fyll en mappe med nøkler, sertifikater, konfigurasjon og data fra et sykehus",
    ),
    (
        "Run the local HelseID for such a folder until interrupted",
        "Kjør den lokale HelseID for en slik mappe til den avbrytes",
    ),
    (
        "Write the hospital's data again, with more administrations or another seed",
        "Skriv sykehusets data på nytt, med flere administreringer eller et annet startfrø",
    ),
    ("0.9.4: batch", "0.9.4: batch"),
    ("The newest: transaction", "Den nyeste: transaction"),
    ("A folder, made if it is not there", "En mappe, som lages hvis den ikke finnes"),
    ("The guide the hospital follows", "Veiledningen sykehuset følger"),
    ("Medication administrations on the first day", "Legemiddeladministreringer den første dagen"),
    (
        "First day of the data; yesterday if left out",
        "Den første dagen i dataene; i går hvis den utelates",
    ),
    ("Seed of the synthetic data", "Startfrø for de syntetiske dataene"),
    ("Port of the receiver on loopback", "Mottakets port på loopback"),
    (
        "Port of HelseID or Maskinporten on loopback",
        "Porten til HelseID eller Maskinporten på loopback",
    ),
    ("Most entries in one bundle", "Høyst så mange oppføringer i én Bundle"),
    (
        "Throw away the sandbox that the folder holds already, with its keys, databases and data",
        "Kast sandkassen som ligger i mappen fra før, med nøkler, databaser og data",
    ),
    ("The folder that `lmr sandbox init` has filled", "Mappen som `lmr sandbox init` har fylt"),
    (
        "Address of a receiver's console (`http://127.0.0.1:8090`) at which synthetic operators sign in",
        "Adressen til et mottaks konsoll (`http://127.0.0.1:8090`) der syntetiske operatører logger inn",
    ),
    (
        "Port on loopback; the one in the folder's configuration if left out",
        "Port på loopback; den i mappens konfigurasjon hvis den utelates",
    ),
    (
        "Where to write the files; in a folder that `lmr sandbox init` has filled, its source",
        "Hvor filene skrives; i en mappe som `lmr sandbox init` har fylt, kilden der",
    ),
    (
        "The guide the hospital follows; that of the folder's configuration if left out",
        "Veiledningen sykehuset følger; den i mappens konfigurasjon hvis den utelates",
    ),
    ("Send a hospital's data to the register", "Send et sykehus' data til registeret"),
    (
        "Say what is damaged in the sender's database and what a repair would keep; with `--apply`, make it",
        "Si hva som er skadet i avsenderens database og hva en reparasjon ville tatt vare på; med `--apply`, gjør den",
    ),
    (
        "The repair puts what can be read into a new file and leaves the damaged one beside it. What is lost is sent again, and what the register has makes no new version there; annulled records that are lost are looked for before that, and none that is found goes out as given. Exit status: 0 nothing is damaged, or it is repaired; 1 something is damaged, or it is repaired and annulments may be lost that nothing names; 4 the file cannot be read at all",
        "Reparasjonen legger det som kan leses i en ny fil og lar den skadde ligge ved siden av. Det som er tapt, sendes på nytt, og det registeret har, får ingen ny versjon; annullerte poster som er tapt, letes fram før det, og ingen som finnes igjen, sendes som gitt. Sluttstatus: 0 ingenting er skadet, eller det er reparert; 1 noe er skadet, eller det er reparert og det kan mangle annulleringer som ingenting nevner; 4 filen kan ikke leses i det hele tatt",
    ),
    ("Make the repair", "Gjør reparasjonen"),
    (
        "Write the ledger: what the register has confirmed, a row each",
        "Skriv regnskapet: det registeret har bekreftet, én rad for hver",
    ),
    ("Form of the rows", "Radenes form"),
    (
        "Where to write; standard output if left out",
        "Hvor det skrives; standard ut om det utelates",
    ),
    ("A JSON object a line", "Et JSON-objekt per linje"),
    ("Comma-separated, with a head", "Kommadelt, med overskrift"),
    (
        "Set up a new sender: write a commented configuration, make keys and a certificate request, and say what to hand in where",
        "Sett opp en ny avsender: skriv en kommentert konfigurasjon, lag nøkler og en sertifikatforespørsel, og si hva som skal leveres hvor",
    ),
    (
        "Asks for what is not given as an argument. The files are made beside the configuration file (`--config`); nothing that is there already is overwritten. Prints what to enter in HelseID Selvbetjening or Maskinporten and what to send to the register, and ends in `lmr doctor`. Exit status: 0 everything works; 1 the files are written, and doctor names what does not work yet; 2 nothing is written",
        "Spør om det som ikke er gitt som argument. Filene lages ved siden av konfigurasjonsfilen (`--config`); ingenting som finnes fra før, overskrives. Skriver ut hva som skal legges inn i HelseID Selvbetjening eller Maskinporten og hva som skal sendes til registeret, og ender med `lmr doctor`. Sluttstatus: 0 alt virker; 1 filene er skrevet, og doctor sier hva som ikke virker ennå; 2 ingenting er skrevet",
    ),
    ("Where access tokens come from", "Hvor tilgangstokener kommer fra"),
    ("HelseID, tokens bound to a key (DPoP)", "HelseID, tokener bundet til en nøkkel (DPoP)"),
    ("Maskinporten", "Maskinporten"),
    (
        "The environment of the register and of the issuer of tokens",
        "Miljøet til registeret og til den som utsteder tokener",
    ),
    ("Real data", "Virkelige data"),
    ("The public test environments", "De offentlige testmiljøene"),
    ("A sandbox on this machine", "En sandkasse på denne maskinen"),
    (
        "The organisation number that reports, nine digits",
        "Organisasjonsnummeret som rapporterer, ni sifre",
    ),
    ("The organisation's name", "Virksomhetens navn"),
    (
        "Folder that FHIR files are read from; other sources are described in the file that is written",
        "Mappen FHIR-filer leses fra; andre kilder er omtalt i filen som skrives",
    ),
    ("The guide to follow", "Guiden som følges"),
    (
        "The date, agreed with the register, from which data are reported",
        "Datoen det er avtalt med registeret at det rapporteres fra",
    ),
    (
        "Address of the register that messages are posted to",
        "Adressen til registeret som meldinger sendes til",
    ),
    (
        "The register's enterprise certificate; `-` if the register has not given it yet",
        "Registerets virksomhetssertifikat; `-` om registeret ikke har gitt det ennå",
    ),
    (
        "Our enterprise certificate; `-` to make a key and a certificate request",
        "Vårt virksomhetssertifikat; `-` for å lage en nøkkel og en sertifikatforespørsel",
    ),
    (
        "The private key of our enterprise certificate",
        "Den private nøkkelen til virksomhetssertifikatet vårt",
    ),
    (
        "Id of the client in HelseID or Maskinporten; `-` if it is not registered yet",
        "Id-en til klienten i HelseID eller Maskinporten; `-` om den ikke er registrert ennå",
    ),
    (
        "The issuer of tokens; that of the environment if left out",
        "Den som utsteder tokener; miljøets om den utelates",
    ),
    (
        "Algorithm of the client's new key; PS256 for HelseID and RS256 for Maskinporten if left out",
        "Algoritmen til klientens nye nøkkel; PS256 for HelseID og RS256 for Maskinporten om den utelates",
    ),
    (
        "Address that this sender calls the register from; may be repeated",
        "Adresse avsenderen kaller registeret fra; kan gjentas",
    ),
    (
        "Run the local Maskinporten for such a folder until interrupted",
        "Kjør den lokale Maskinporten for en slik mappe til den avbrytes",
    ),
    ("Who gives access tokens", "Hvem som gir tilgangstokener"),
    (
        "Public key (JWK file) of the client; that of the folder if left out",
        "Klientens offentlige nøkkel (JWK-fil); mappens om den utelates",
    ),
    ("Leave the closing `lmr doctor` out", "La være å slutte med `lmr doctor`"),
    (
        "Exit status of `run` and `status`: 0 everything is delivered; 1 something must be corrected at the source (`lmr send rejected`, broken files, unknown resource types) or looked at (a hook, a receipt, an annulment); 2 wrong arguments or configuration; 3 something is not delivered yet and will be tried again, or another run is under way; 4 a person must look: access, certificate, address, database; 5 the source is empty, cannot be read, or has lost more than half of its records or all administrations",
        "Sluttstatus for `run` og `status`: 0 alt er levert; 1 noe må rettes i kilden (`lmr send rejected`, ødelagte filer, ukjente ressurstyper) eller ses på (en varsling, en kvittering, en annullering); 2 gale argumenter eller gal konfigurasjon; 3 noe er ikke levert ennå og prøves igjen, eller en annen kjøring pågår; 4 noen må se på det: tilgang, sertifikat, adresse, database; 5 kilden er tom, kan ikke leses, eller har mistet mer enn halvparten av postene eller alle administreringer",
    ),
    (
        "Exit status: 1 when nothing is known by the name",
        "Sluttstatus: 1 når ingenting er kjent under navnet",
    ),
    (
        "Exit status: 1 when nothing was confirmed since then",
        "Sluttstatus: 1 når ingenting er bekreftet siden da",
    ),
    (
        "Make one planned transfer now: what is open first, then everything new or changed",
        "Gjør én planlagt overføring nå: først det som står åpent, så alt nytt eller endret",
    ),
    ("Only make the new attempts that are due", "Gjør bare de nye forsøkene som skal gjøres nå"),
    (
        "Another `receiver.url` than before is a new address of the same register: what it has confirmed stays so",
        "En annen `receiver.url` enn før er en ny adresse for samme register: det som er bekreftet, står",
    ),
    (
        "Show what would go, be held and why; send nothing and change nothing",
        "Vis hva som ville blitt sendt og holdt tilbake, og hvorfor; ingenting sendes eller endres",
    ),
    (
        "Exit status: 0 when it was asked to stop; 2 for arguments or configuration that a person must correct; 3 where it cannot start now for what passes by itself: an address that is taken, another daemon; 4 a database that cannot be used",
        "Sluttstatus: 0 når den ble bedt om å stoppe; 2 for argumenter eller konfigurasjon som et menneske må rette; 3 når den ikke kan starte nå av grunner som går over av seg selv: en adresse som er opptatt, en annen daemon; 4 en database som ikke kan brukes",
    ),
    (
        "Make the daily transfer and the new attempts at their times, until interrupted",
        "Gjør den daglige overføringen og de nye forsøkene til rett tid, til den avbrytes",
    ),
    (
        "The state of everything, with the exit status of the last run: for people and for monitors",
        "Hvordan alt står til, med sluttstatusen fra siste kjøring: for mennesker og overvåking",
    ),
    (
        "Runs, messages and what became of them, newest first",
        "Kjøringer, meldinger og hva som ble av dem, de nyeste først",
    ),
    ("How many", "Hvor mange"),
    (
        "What is held back until it is corrected at the source: the wrong value, what is allowed, the remedy, what waits",
        "Det som holdes tilbake til det er rettet i kilden: den gale verdien, hva som er tillatt, hva som må gjøres, hva som venter",
    ),
    (
        "Show no value of any resource: no wrong value, no key, no id",
        "Vis ingen verdi fra noen ressurs: ingen gal verdi, ingen nøkkel, ingen id",
    ),
    (
        "What the register has and the source does not hold any more, or holds under another identifier",
        "Det registeret har, og som kilden ikke lenger har, eller har med en annen identifier",
    ),
    (
        "Show of one resource whether, when and in which message it went, or what keeps it; of a message what it holds and what became of it",
        "Vis for én ressurs om, når og i hvilken melding den gikk, eller hva som holder den tilbake; for en melding hva den inneholder og hva det ble av den",
    ),
    (
        "Type/id, the technical id, or the source's own key",
        "Type/id, den tekniske id-en, eller kildens egen nøkkel",
    ),
    (
        "Type/id, the technical id, or the source's own key; or of a message its id, or the number or digest of its receipt",
        "Type/id, den tekniske id-en, eller kildens egen nøkkel; eller for en melding dens id, eller nummeret eller avtrykket av kvitteringen",
    ),
    (
        "Let go of what is held, or give a message up",
        "Slipp løs det som holdes tilbake, eller gi opp en melding",
    ),
    (
        "Annul what was last sent of an administration or a request (status entered-in-error)",
        "Annuller det som sist ble sendt av en administrering eller en rekvirering (status entered-in-error)",
    ),
    (
        "Send again what was confirmed since a time: for a register that was restored from a backup",
        "Send på nytt det som er bekreftet siden et tidspunkt: for et register som er gjenopprettet fra en sikkerhetskopi",
    ),
    (
        "A date (Norwegian midnight) or a time with its zone: that of the backup",
        "En dato (norsk midnatt) eller et tidspunkt med tidssone: sikkerhetskopiens",
    ),
    ("The number in `lmr send vanished`", "Nummeret i `lmr send vanished`"),
    (
        "Why: goes with the annulment and into the sender's database; no identity numbers",
        "Hvorfor: følger annulleringen og lagres i avsenderens database; ingen personnummer",
    ),
    (
        "The held resource with this number (see `rejected`)",
        "Den tilbakeholdte ressursen med dette nummeret (se `rejected`)",
    ),
    ("Everything held", "Alt som holdes tilbake"),
    (
        "A message that gets no answer: it is never sent again, its data goes with the next transfer",
        "En melding som ikke får svar: den sendes aldri igjen, dataene går med neste overføring",
    ),
    ("For spreadsheets; `rejected` only", "For regneark; bare `rejected`"),
    (
        "One page in both languages, to be opened in a browser; `rejected` only",
        "Én side på begge språk, til å åpne i en nettleser; bare `rejected`",
    ),
    ("Only what this code holds: LMR-4061", "Bare det denne koden holder tilbake: LMR-4061"),
    (
        "Only of this source or file: how the place in the list begins",
        "Bare fra denne kilden eller filen: slik stedet i listen begynner",
    ),
    ("Only resources of this type", "Bare ressurser av denne typen"),
    (
        "Only what is held since this date or time, or later",
        "Bare det som er holdt tilbake siden denne datoen eller dette tidspunktet, eller senere",
    ),
    (
        "Only what is held since this date or time, or earlier",
        "Bare det som er holdt tilbake siden denne datoen eller dette tidspunktet, eller tidligere",
    ),
    (
        "Only with this in the reason, the element, the key, the id or the file",
        "Bare med dette i årsaken, elementet, nøkkelen, id-en eller filen",
    ),
    ("What was discarded instead", "Det som er forkastet, i stedet"),
    (
        "With --format csv: for a double click in a Norwegian spreadsheet, with semicolons and a byte order mark",
        "Med --format csv: til dobbeltklikk i et norsk regneark, med semikolon og BOM",
    ),
    ("Write to this file instead of printing", "Skriv til denne filen i stedet for skjermen"),
    (
        "Who does it, for the journal; the user's login name if left out",
        "Hvem som gjør det, til journalen; brukerens påloggingsnavn hvis det utelates",
    ),
    ("Do not ask, however many there are", "Ikke spør, uansett hvor mange det er"),
    ("Why, for the journal; no identity numbers", "Hvorfor, til journalen; ingen personnummer"),
    (
        "Decide that what is held is not to be sent: it is listed no longer until it changes at the source",
        "Bestem at noe som holdes tilbake, ikke skal sendes: det vises ikke lenger før det endres i kilden",
    ),
    (
        "What operators released, discarded, annulled and had forgotten, newest first",
        "Hva operatører har frigitt, forkastet, annullert og latt glemme, det nyeste først",
    ),
    (
        "Check what was sent and what is in the source by another rule set, and count by rule what it would refuse",
        "Kontroller det som er sendt, og det som er i kilden, med et annet regelsett, og tell per regel hva det ville avvist",
    ),
    (
        "Nothing is sent and nothing is changed. Exit status: 0 when nothing would be refused, 1 when something would",
        "Ingenting sendes og ingenting endres. Sluttstatus: 0 når ingenting ville blitt avvist, 1 når noe ville blitt det",
    ),
    ("The rule set to rehearse", "Regelsettet som skal prøves"),
    (
        "A package with code lists, or with the guide in another version, before the rule set's own; may be repeated",
        "En pakke med kodelister, eller med veiledningen i en annen versjon, foran regelsettets egne; kan gjentas",
    ),
    ("Run the receiver until interrupted", "Kjør mottaket til det avbrytes"),
    (
        "Exit status: 0 when it was asked to stop; 2 for arguments or configuration that a person must correct; 3 where it cannot start now for what passes by itself: an address that is taken, a database that does not answer",
        "Sluttstatus: 0 når det ble bedt om å stoppe; 2 for argumenter eller konfigurasjon som et menneske må rette; 3 når det ikke kan starte nå av grunner som går over av seg selv: en adresse som er opptatt, en database som ikke svarer",
    ),
    (
        "Bring code lists, so that codes are checked for real",
        "Hent inn kodelister, så koder kontrolleres på ordentlig",
    ),
    ("Turn code lists into one FHIR package", "Gjør kodelister om til én FHIR-pakke"),
    (
        "Takes FEST M30 (.xml), lists of code, display and parent (.csv, with --system), and FHIR CodeSystem and ValueSet files, folders and packages (.json, .tgz). The columns of a .csv are found by their names; without names the first column has the codes, and a warning says which the first one is. The package is for `terminology` in sender.toml and receiver.toml, and for `lmr validate --package`. An output that exists is replaced by newer lists only if they are whole",
        "Tar FEST M30 (.xml), lister med kode, visningsnavn og overordnet kode (.csv, med --system), og filer, mapper og pakker med FHIR CodeSystem og ValueSet (.json, .tgz). Kolonnene i en .csv finnes ved navnene; uten navn har den første kolonnen kodene, og en advarsel sier hvilken som er den første. Pakken er til `terminology` i sender.toml og receiver.toml, og til `lmr validate --package`. En pakke som finnes fra før, byttes bare ut med nyere lister hvis de er hele",
    ),
    (
        "Show which code lists are loaded, how old and how complete they are",
        "Vis hvilke kodelister som er i bruk, hvor gamle og hvor fullstendige de er",
    ),
    (
        "Check FHIR files against the register's rules, or against any profiles",
        "Kontroller FHIR-filer mot registerets regler, eller mot hvilke profiler som helst",
    ),
    (
        "Files with one resource each (.json, .xml) or one a line (.ndjson), packed as .gz or not, folders of such files, or - for standard input",
        "Filer med én ressurs hver (.json, .xml) eller én per linje (.ndjson), pakket som .gz eller ikke, mapper med slike filer, eller - for standard inn",
    ),
    (
        "The guide to check against; `none` is plain R4 plus what --package and --profile name. If left out, a batch is checked against lmdi-0.9.4 and everything else against the newest",
        "Veiledningen det kontrolleres mot; `none` er ren R4 pluss det --package og --profile nevner. Utelates den, kontrolleres en batch mot lmdi-0.9.4 og alt annet mot den nyeste",
    ),
    (
        "FHIR package (.tgz), folder or single definition to load in addition, or the name of an installed package (name#version); may be repeated",
        "FHIR-pakke (.tgz), mappe eller enkeltdefinisjon som leses i tillegg, eller navnet på en installert pakke (navn#versjon); kan gjentas",
    ),
    (
        "Folder with installed FHIR packages, for dependencies; ~/.fhir/packages if left out",
        "Mappe med installerte FHIR-pakker, for avhengigheter; ~/.fhir/packages hvis den utelates",
    ),
    (
        "Profile the resource must meet, in addition to those in its meta.profile; may be repeated",
        "Profil ressursen må oppfylle, i tillegg til dem i meta.profile; kan gjentas",
    ),
    (
        "What is done about what the register would lose in silence: a warning or an error; says too which version of the guide is needed, and why",
        "Hva som gjøres med det registeret ellers ville mistet uten et ord: en advarsel eller en feil; sier også hvilken versjon av veiledningen som trengs, og hvorfor",
    ),
    (
        "Where to write the report; standard output if left out",
        "Hvor rapporten skrives; standard ut hvis det utelates",
    ),
    (
        "Print errors only; nothing where all is in order",
        "Skriv bare feil; ingenting der alt er i orden",
    ),
    ("A JSON line per finding", "Én JSON-linje per funn"),
    (
        "An OperationOutcome per file, one JSON line each",
        "En OperationOutcome per fil, én JSON-linje hver",
    ),
    (
        "One self-contained page: findings by code and by file, marked in the text",
        "Én selvstendig side: funn etter kode og fil, merket i teksten",
    ),
    ("The message's id", "Meldingens id"),
    ("Only this sender's", "Bare denne avsenderens"),
    (
        "A resource by the register's own name, e.g. Patient/0123…: all its versions",
        "En ressurs under registerets eget navn, f.eks. Patient/0123…: alle versjonene",
    ),
    (
        "Also the resources themselves, not only what they are",
        "Også selve ressursene, ikke bare hva de er",
    ),
    ("Why, for the audit log", "Hvorfor, til revisjonsloggen"),
    (
        "The folder to write to; made if it is not there, and empty",
        "Mappen det skrives til; den lages hvis den ikke finnes, og skal være tom",
    ),
    ("Only this FHIR resource type; may be repeated", "Bare denne FHIR-ressurstypen; kan gjentas"),
    (
        "Only what was received on or after this day (Norwegian time)",
        "Bare det som er mottatt fra og med denne dagen (norsk tid)",
    ),
    (
        "Every version, not only the newest of each resource",
        "Alle versjoner, ikke bare den nyeste av hver ressurs",
    ),
    (
        "File with the person's number; - is standard input. An argument would stay in the shell's history",
        "Fil med personens nummer; - er standard inn. Et argument ville blitt liggende i skallets historikk",
    ),
    ("Only of this sender's messages", "Bare fra denne avsenderens meldinger"),
    (
        "Count what would be erased, erase nothing",
        "Tell det som ville blitt slettet, slett ingenting",
    ),
    ("List entries, newest first", "List opp innførsler, de nyeste først"),
    (
        "Read the whole log and show what was changed, removed, reordered or cut off; exit status 1 if anything was",
        "Les hele loggen og vis hva som er endret, fjernet, flyttet eller kuttet; sluttstatus 1 hvis noe er det",
    ),
    (
        "Print number and digest of the newest entry of every chain, to be kept elsewhere for `verify --heads`",
        "Skriv nummer og sjekksum for den nyeste innførselen i hver kjede, til å oppbevare et annet sted for `verify --heads`",
    ),
    (
        "Only this sender's messages; without it the register's own acts too",
        "Bare denne avsenderens meldinger; ellers registerets egne handlinger også",
    ),
    ("Only these acts", "Bare disse handlingene"),
    (
        "Only those on or after this day (Norwegian time)",
        "Bare dem fra og med denne dagen (norsk tid)",
    ),
    ("At most so many", "Høyst så mange"),
    (
        "Heads that `lmr admin audit heads --format json` has printed before: the log must still have them",
        "Hoder som `lmr admin audit heads --format json` har skrevet før: loggen må fortsatt ha dem",
    ),
    (
        "Receipts of senders, one a line, or JSON lines of `lmr receipt list`: the log must still have them",
        "Avsenderes kvitteringer, én per linje, eller JSON-linjer fra `lmr receipt list`: loggen må fortsatt ha dem",
    ),
    (
        "The register's certificate that the receipts were signed under; may be repeated",
        "Registerets sertifikat som kvitteringene er signert med; kan gjentas",
    ),
    ("Name, for people", "Navn, for mennesker"),
    (
        "Certificate the sender signs with (PEM or DER); may be repeated",
        "Sertifikat avsenderen signerer med (PEM eller DER); kan gjentas",
    ),
    (
        "Address or range it calls from; may be repeated",
        "Adresse eller adresseområde den kaller fra; kan gjentas",
    ),
    ("The only rule set it may use", "Det eneste regelsettet den kan bruke"),
    ("Agreed start date, e.g. 2026-01-01", "Avtalt startdato, f.eks. 2026-01-01"),
    (
        "The certificate (PEM or DER); several may be named",
        "Sertifikatet (PEM eller DER); flere kan nevnes",
    ),
    (
        "The certificate's thumbprint, as `lmr admin senders` shows it, or its file",
        "Sertifikatets fingeravtrykk, slik `lmr admin senders` viser det, eller filen",
    ),
    (
        "Also when the sender then has no valid certificate left",
        "Også når avsenderen da ikke har noe gyldig sertifikat igjen",
    ),
    ("Addresses and ranges, all of them", "Alle adresser og adresseområder"),
    (
        "No addresses of its own: only those of the receiver's own list",
        "Ingen egne adresser: bare dem i mottakets egen liste",
    ),
    (
        "It may use every rule set, by the bundle's type",
        "Den kan bruke alle regelsett, etter Bundle-typen",
    ),
    ("No agreed start date", "Ingen avtalt startdato"),
    ("Only this message", "Bare denne meldingen"),
    (
        "Only those received on or after this day (Norwegian time)",
        "Bare dem som er mottatt fra og med denne dagen (norsk tid)",
    ),
    (
        "Code lists: FEST, CSV, FHIR files, folders or packages",
        "Kodelister: FEST, CSV, FHIR-filer, mapper eller pakker",
    ),
    ("The package to write", "Pakken som skrives"),
    ("URL of the code system that a CSV file lists", "URL-en til kodeverket en CSV-fil lister opp"),
    (
        "Name of the code system that a CSV file lists; the file's name if left out",
        "Navnet på kodeverket en CSV-fil lister opp; filens navn hvis det utelates",
    ),
    (
        "Version of the code system that a CSV file lists",
        "Versjonen av kodeverket en CSV-fil lister opp",
    ),
    (
        "URL of the value set that a CSV file makes: all of its codes; made from --system if left out",
        "URL-en til verdisettet en CSV-fil gir: alle kodene i den; lages av --system hvis den utelates",
    ),
    (
        "The lists hold a part of the codes only: one that is not in them may still exist",
        "Listene har bare en del av kodene: en som ikke er der, kan likevel finnes",
    ),
    (
        "Which extract a FEST file is; taken from the name it is published under if left out",
        "Hvilket uttrekk en FEST-fil er; tas fra navnet den er publisert under hvis det utelates",
    ),
    (
        "The package that was imported before; the output's own, if it exists",
        "Pakken som ble importert forrige gang; den som ligger der resultatet skrives, hvis den finnes",
    ),
    (
        "Take lists that have lost more than a fifth of their codes, and drop lists that are missing",
        "Ta lister som har mistet mer enn en femdel av kodene, og kutt ut lister som mangler",
    ),
    (
        "Take a FEST file that is older than the one imported before",
        "Ta en FEST-fil som er eldre enn den forrige",
    ),
    ("Name of the package", "Pakkens navn"),
    ("Version of the package", "Pakkens versjon"),
    ("For hospitals and nursing homes (fest251_inst)", "For sykehus og sykehjem (fest251_inst)"),
    (
        "For prescribers outside institutions (fest251)",
        "For rekvirenter utenfor institusjon (fest251)",
    ),
    ("For animals (fest251_vet)", "For dyr (fest251_vet)"),
    (
        "Packages that `lmr terminology import` made",
        "Pakker som `lmr terminology import` har laget",
    ),
    (
        "A configuration file (sender.toml, receiver.toml) whose `terminology` names them",
        "En konfigurasjonsfil (sender.toml, receiver.toml) der `terminology` nevner dem",
    ),
    ("One JSON object", "Ett JSON-objekt"),
    ("Fine points (with --ruleset none)", "Finjustering (med --ruleset none)"),
    ("How far references are checked", "Hvor langt referanser kontrolleres"),
    (
        "Take references like Patient/1 for what they say, without looking",
        "Godta referanser som Patient/1 som de står, uten å slå dem opp",
    ),
    (
        "Do not check ElementDefinition.type.aggregation",
        "Ikke kontroller ElementDefinition.type.aggregation",
    ),
    ("What is done with contained resources", "Hva som gjøres med innkapslede ressurser"),
    ("What a broken best-practice rule gives", "Hva et brudd på en anbefaling gir"),
    ("Refuse example.org and similar addresses", "Avvis example.org og lignende adresser"),
    (
        "Prefix of extension URLs that may be unknown; may be repeated",
        "Prefiks for URL-er til utvidelser som kan være ukjente; kan gjentas",
    ),
    ("Tolerate any unknown extension", "Godta enhver ukjent utvidelse"),
    ("What an unknown profile in meta.profile gives", "Hva en ukjent profil i meta.profile gir"),
    ("Allow // comments in JSON", "Tillat //-kommentarer i JSON"),
    (
        "Report strings that look like HTML or SQL",
        "Meld fra om tekster som ser ut som HTML eller SQL",
    ),
    ("What HTML tags in markdown give", "Hva HTML-koder i markdown gir"),
    (
        "Language of displays (BCP-47); displays in others are not checked",
        "Språket i visningsnavn (BCP-47); visningsnavn på andre språk kontrolleres ikke",
    ),
    ("What a wrong display gives", "Hva et galt visningsnavn gir"),
    (
        "Profile that a bundle entry must meet, as INDEX=URL, the first entry being 0; may be repeated. Exit status 2 where no bundle has such an entry",
        "Profil en oppføring i en Bundle må oppfylle, som NUMMER=URL, der den første er 0; kan gjentas. Sluttstatus 2 der ingen Bundle har en slik oppføring",
    ),
    (
        "Profile that every resource of a type must meet wherever it is, as TYPE=URL; may be repeated",
        "Profil alle ressurser av en type må oppfylle hvor de enn er, som TYPE=URL; kan gjentas",
    ),
    (
        "Resource that a reference outside the file leads to, as REFERENCE=FILE; may be repeated. With --references valid it must fit the target profile",
        "Ressurs som en referanse ut av filen viser til, som REFERANSE=FIL; kan gjentas. Med --references valid må den passe til målprofilen",
    ),
    ("Leave informational findings out", "Utelat funn som bare er til opplysning"),
    (
        "Leave every value of the instance out of the texts",
        "Utelat alle verdier fra ressursen i tekstene",
    ),
    ("Threads for large bundles; 0 = all cores", "Tråder for store Bundle-er; 0 = alle kjerner"),
    ("Not at all", "Ikke i det hele tatt"),
    ("Targets at hand must have an allowed type", "Mål som er for hånden, må ha en tillatt type"),
    ("Targets must exist", "Mål må finnes"),
    ("Targets must exist and fit the target profile", "Mål må finnes og passe til målprofilen"),
    ("Like any other resource", "Som enhver annen ressurs"),
    ("Against the type's base definition only", "Bare mot typens grunndefinisjon"),
    ("Not looked into", "Ses ikke på"),
    ("CSV file, or folder of CSV files", "CSV-fil, eller mappe med CSV-filer"),
    (
        "Check the mapping: columns, codes, elements; with --table every row too",
        "Kontroller oversettelsen: kolonner, koder, elementer; med --table hver rad også",
    ),
    (
        "Exit status: 0 all is well, 1 something is to be corrected, 2 wrong arguments or files",
        "Sluttstatus: 0 alt er i orden, 1 noe må rettes, 2 gale argumenter eller filer",
    ),
    ("How many rows to show", "Hvor mange rader som vises"),
    (
        "Mapping and table of this source in the configuration",
        "Oversettelsen og tabellen til denne [[source]] i konfigurasjonen",
    ),
    (
        "Print a mapping that comes with the program; without a name, list them",
        "Skriv ut en oversettelse som følger med programmet; uten navn: list dem opp",
    ),
    (
        "Print, check or try a mapping from a table to resources",
        "Skriv ut, kontroller eller prøv en oversettelse fra tabell til ressurser",
    ),
    (
        "Show the first rows as resources, with what the guide says of them",
        "Vis de første radene som ressurser, med det veiledningen sier om dem",
    ),
    (
        "The guide to check against; that of the configuration with --source, else the newest",
        "Veiledningen det kontrolleres mot; konfigurasjonens med --source, ellers den nyeste",
    ),
    (
        "The mapping file, or the name of one that comes with the program",
        "Filen med oversettelsen, eller navnet på en som følger med programmet",
    ),
    (
        "Value for a constant of the mapping; may be repeated",
        "Verdi for en konstant i oversettelsen; kan gjentas",
    ),
    (
        "Copy the SQLite database to a new file while the receiver runs",
        "Kopier SQLite-databasen til en ny fil mens mottaket kjører",
    ),
    (
        "Make the partitions of the coming months, drop those that retention has emptied, list all (PostgreSQL)",
        "Lag partisjonene for månedene som kommer, fjern dem [retention] har tømt, list opp alle (PostgreSQL)",
    ),
    ("Months to make ahead", "Så mange måneder som lages på forhånd"),
    (
        "Only those that report on this day or before",
        "Bare dem som rapporterer til og med denne dagen",
    ),
    (
        "Only those that report on this day or later (Norwegian time)",
        "Bare dem som rapporterer fra og med denne dagen (norsk tid)",
    ),
    (
        "Only those with this code, of an entry or of the call",
        "Bare dem med denne koden, for en oppføring eller for kallet",
    ),
    (
        "Read everything that the file names, open the database, and end: exit status 0 when the receiver could start",
        "Les alt filen nevner, åpne databasen, og avslutt: sluttstatus 0 når mottaket kunne startet",
    ),
    (
        "When certificates end, the register's and the senders', the nearest first",
        "Når sertifikater går ut, registerets og avsendernes, de nærmeste først",
    ),
    ("The folder; made where there is none", "Mappen; den lages hvis den ikke finnes"),
    ("The shell that is to complete", "Skallet som skal fullføre"),
    (
        "Print completions of commands and arguments for a shell",
        "Skriv fullføring av kommandoer og argumenter for et skall",
    ),
    (
        "bash: `lmr completions bash > /usr/share/bash-completion/completions/lmr`. zsh: a file `_lmr` in a folder of $fpath. fish: ~/.config/fish/completions/lmr.fish. PowerShell: `lmr completions powershell | Out-String | Invoke-Expression` in $PROFILE",
        "bash: `lmr completions bash > /usr/share/bash-completion/completions/lmr`. zsh: en fil `_lmr` i en mappe i $fpath. fish: ~/.config/fish/completions/lmr.fish. PowerShell: `lmr completions powershell | Out-String | Invoke-Expression` i $PROFILE",
    ),
    (
        "Write manual pages of all commands into a folder",
        "Skriv manualsider for alle kommandoer til en mappe",
    ),
    (
        "`lmr man /usr/local/share/man/man1`, then `man lmr-validate`",
        "`lmr man /usr/local/share/man/man1`, deretter `man lmr-validate`",
    ),
    (
        "SARIF 2.1.0, for code scanning and editors",
        "SARIF 2.1.0, for kodeskanning og redigeringsprogrammer",
    ),
    (
        "JUnit XML: a test case per resource, for build services",
        "JUnit XML: et testtilfelle per ressurs, for byggetjenester",
    ),
    (
        "Workflow commands of GitHub: remarks beside the lines of a change",
        "Arbeidsflytkommandoer for GitHub: merknader ved linjene i en endring",
    ),
    (
        "Show so many findings at most; counts, verdicts and the exit status are of all",
        "Vis høyst så mange funn; antall, utfall og sluttstatus gjelder alle",
    ),
    (
        "Exit status 0 also where there are errors; 2 and 3 stay",
        "Sluttstatus 0 også der det er feil; 2 og 3 er som før",
    ),
    (
        "Exit status: 0 without errors, 1 with errors, 2 for input or arguments that cannot be used (a zip archive in a folder too: it is not looked into; and a file without any resource), 3 where --max-seconds ended the check",
        "Sluttstatus: 0 uten feil, 1 med feil, 2 for inndata eller argumenter som ikke kan brukes (også et zip-arkiv i en mappe: det blir ikke åpnet; og en fil uten noen ressurs), 3 der --max-seconds avsluttet kontrollen",
    ),
    (
        "Print what cost time, by profile, check and invariant, to standard error; with FILE as JSON into it",
        "Skriv hva som kostet tid, etter profil, kontroll og invariant, til standard feil; med FILE som JSON i filen",
    ),
    (
        "Stop after so many seconds: what was found until then is printed, with a note that it is not all",
        "Stans etter så mange sekunder: det som er funnet til da, skrives ut, med en merknad om at det ikke er alt",
    ),
];
