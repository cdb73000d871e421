//! What only Windows has: `lmr service`.

/// As [`super::TEXTS`].
pub(in super::super) const TEXTS: &[(&str, &str)] = &[
    (
        "Run the receiver or the daily transfer as a service of Windows",
        "Kjør mottaket eller den daglige overføringen som en tjeneste i Windows",
    ),
    (
        "`install` and `uninstall` need a prompt with the rights of an administrator. Exit status: 0 done; 2 the configuration cannot be used, or the service manager refuses",
        "`install` og `uninstall` krever et konsoll med rettigheter som administrator. Sluttstatus: 0 utført; 2 konfigurasjonen kan ikke brukes, eller tjenestebehandlingen avslår",
    ),
    (
        "Install a service that starts with the machine, with an account and a source of the event log of its own",
        "Installer en tjeneste som starter med maskinen, med egen konto og egen kilde i hendelsesloggen",
    ),
    (
        "Stop a service and remove it; configuration, keys, databases and logs stay",
        "Stopp en tjeneste og fjern den; konfigurasjon, nøkler, databaser og logger blir liggende",
    ),
    (
        "What the service manager starts; for a console there are `lmr serve` and `lmr send daemon`",
        "Det tjenestebehandlingen starter; for et konsoll finnes `lmr serve` og `lmr send daemon`",
    ),
    ("What the service runs", "Hva tjenesten kjører"),
    ("The receiver, as `lmr serve`", "Mottaket, som `lmr serve`"),
    ("The daily transfer, as `lmr send daemon`", "Den daglige overføringen, som `lmr send daemon`"),
    (
        "The configuration file; receiver.toml or sender.toml in %ProgramData%\\lmr if left out",
        "Konfigurasjonsfilen; hvis utelatt, receiver.toml eller sender.toml i %ProgramData%\\lmr",
    ),
    (
        "Name of the service; lmr-receiver or lmr-sender if left out",
        "Navnet på tjenesten; hvis utelatt, lmr-receiver eller lmr-sender",
    ),
    (
        "Folder of the log, a file a day; log\\NAME in %ProgramData%\\lmr if left out",
        "Mappe for loggen, én fil om dagen; hvis utelatt, log\\NAVN i %ProgramData%\\lmr",
    ),
];
