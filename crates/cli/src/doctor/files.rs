//! Files: who may read them, and whether there is room for what will be written.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Checks;
use crate::config::folder_of;
use crate::text::{Explain, Text, text};

/// What must be free beside a database, in bytes: a large message and the database's own journal.
const ROOM: usize = 16 << 20;

impl Checks {
    /// The configuration file decides where data goes: nobody else may change it.
    pub(super) fn config_file(&mut self, path: &Path) {
        self.mode("files.mode", path, 0o022);
    }

    /// A private key: nobody else may read or change it, except that root's is read by the service, by a group.
    pub(super) fn secret_file(&mut self, path: &Path) {
        #[cfg(unix)]
        self.secret_of(path);
        #[cfg(not(unix))]
        self.mode("files.mode", path, 0o077);
    }

    #[cfg(unix)]
    fn secret_of(&mut self, path: &Path) {
        // What is not there is reported by the check that needs it.
        let Ok(file) = std::fs::metadata(path).map(|file| Owned::of(&file)) else { return };
        let service = Service::of(self.database_folder.as_deref(), folder_of(path));
        self.secret_for(path, file, &service);
    }

    #[cfg(unix)]
    fn secret_for(&mut self, path: &Path, file: Owned, service: &Service) {
        let is_for = file.is_for(service);
        let remedy = service.remedy(path, file);
        let before = self.lines.len();
        self.mode_of("files.mode", path, file.mode, if is_for { 0o037 } else { 0o077 });
        // Closed to all but its owner, it would be closed to the service.
        if let (Some(line), Some(remedy)) = (self.lines.get_mut(before), &remedy) {
            line.remedy = Some(remedy.clone());
            return;
        }
        let Some(remedy) = remedy.filter(|_| !file.is_read_by(service)) else { return };
        if is_for {
            let found = text!(
                "{path} tilhører root og tjenestens gruppe {group}, som ikke kan lese den (rettigheter {mode:o})",
                "{path} belongs to root and to the service's group {group}, which cannot read it (mode {mode:o})",
                path = path.display(),
                group = file.gid,
                mode = file.mode
            );
            return self.warn("files.access", found, remedy);
        }
        let Some(user) = service.user else { return };
        let found = text!(
            "{path} kan bare leses av {owner}, og mappen til databasen tilhører bruker {user}: kjører tjenesten som den, kan \
             den ikke lese filen",
            "{path} can be read by {owner} only, and the database's folder belongs to user {user}: a service that runs as \
             that one cannot read it",
            path = path.display(),
            owner = if file.uid == 0 { "root".to_owned() } else { file.uid.to_string() }
        );
        self.warn("files.access", found, remedy);
    }

    /// A database: nobody else may change it, and nobody else should read it.
    pub(super) fn database_file(&mut self, path: &Path) {
        for (file, mode) in open_to_others(path) {
            #[cfg(unix)]
            if mode & 0o022 != 0 {
                self.mode_of("files.mode", &file, mode, 0o077);
                continue;
            }
            let (found, remedy) = health_data_open(&file, mode);
            self.warn("files.mode", found, remedy);
        }
    }

    #[cfg(unix)]
    fn mode(&mut self, id: &'static str, path: &Path, forbidden: u32) {
        use std::os::unix::fs::MetadataExt as _;
        // What is not there is reported by the check that needs it.
        let Ok(metadata) = std::fs::metadata(path) else { return };
        self.mode_of(id, path, metadata.mode() & 0o777, forbidden);
    }

    #[cfg(unix)]
    fn mode_of(&mut self, id: &'static str, path: &Path, mode: u32, forbidden: u32) {
        if mode & forbidden == 0 {
            return;
        }
        let path = path.display();
        let found = if forbidden & 0o044 == 0 {
            text!(
                "{path} kan endres av andre brukere (rettigheter {mode:o})",
                "{path} can be changed by other users (mode {mode:o})"
            )
        } else {
            text!(
                "{path} kan leses eller endres av andre brukere (rettigheter {mode:o})",
                "{path} can be read or changed by other users (mode {mode:o})"
            )
        };
        let wanted = mode & !forbidden;
        self.fail(id, found, Some(text!("chmod {wanted:o} {path}", "chmod {wanted:o} {path}")));
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "modes are those of Unix")]
    fn mode(&mut self, _id: &'static str, _path: &Path, _forbidden: u32) {}

    /// Whether so much can be written beside the database as a transfer may need. Leaves nothing behind.
    pub(super) fn room(&mut self, id: &'static str, database: &Path) {
        let folder = folder_of(database);
        let what = text!(
            "plass til databasen i {folder}",
            "room for the database in {folder}",
            folder = folder.display()
        );
        self.note(id, &what, write_and_remove(folder));
        if database.exists() {
            let opened = std::fs::OpenOptions::new().write(true).open(database);
            if let Err(error) = opened {
                let what = text!(
                    "databasen {database} kan ikke skrives",
                    "the database {database} cannot be written",
                    database = database.display()
                );
                self.error(id, &what, &error.into());
            }
        }
    }
}

/// The files of a SQLite database that other users may read or change, with their modes.
pub(crate) fn open_to_others(database: &Path) -> Vec<(PathBuf, u32)> {
    let beside = |ending: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let all = ["", "-wal", "-shm"].map(beside).into_iter();
    all.filter_map(|file| mode_of_file(&file).map(|mode| (file, mode)))
        .filter(|(_, mode)| mode & 0o066 != 0)
        .collect()
}

#[cfg(unix)]
fn mode_of_file(file: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    // What is not there is reported by the check that needs it.
    std::fs::metadata(file).ok().map(|file| file.mode() & 0o777)
}

/// Modes are those of Unix.
#[cfg(not(unix))]
fn mode_of_file(_: &Path) -> Option<u32> {
    None
}

/// What is said of a file with health data that others may read, and the remedy.
pub(crate) fn health_data_open(file: &Path, mode: u32) -> (Text, Text) {
    let (file, wanted) = (file.display(), mode & !0o077);
    (
        text!(
            "{file} har helseopplysninger, og andre brukere kan lese den (rettigheter {mode:o})",
            "{file} has health data, and other users can read it (mode {mode:o})"
        ),
        text!("chmod {wanted:o} {file}", "chmod {wanted:o} {file}"),
    )
}

/// Mode, owner and group of a file.
#[cfg(unix)]
#[derive(Clone, Copy)]
struct Owned {
    mode: u32,
    uid: u32,
    gid: u32,
}

/// The service that the files are for, as far as it is known: the user that its database's folder belongs to.
#[cfg(unix)]
#[derive(Default)]
struct Service {
    /// Unknown where it is root, or the database is on a server.
    user: Option<u32>,
    /// The group by which root gives it files; unknown where it is root's own, in which nobody else should be.
    group: Option<u32>,
    /// All that it is known to be in.
    groups: Vec<u32>,
}

#[cfg(unix)]
impl Owned {
    fn of(file: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { mode: file.mode() & 0o777, uid: file.uid(), gid: file.gid() }
    }

    /// Whether root gives it to the service by a group, as the packages have it (`root:lmr`, mode 0640).
    fn is_for(&self, service: &Service) -> bool {
        self.uid == 0 && self.gid != 0 && service.groups.contains(&self.gid)
    }

    fn is_read_by(&self, service: &Service) -> bool {
        service.user == Some(self.uid)
            || self.mode & 0o004 != 0
            || (self.mode & 0o040 != 0 && service.groups.contains(&self.gid))
    }
}

#[cfg(unix)]
impl Service {
    fn of(database_folder: Option<&Path>, folder: &Path) -> Self {
        let of = |path: &Path| std::fs::metadata(path).ok().map(|folder| Owned::of(&folder));
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let mut service = Self::default();
        if let Some(data) = database_folder.and_then(of).filter(|data| data.uid != 0) {
            service.user = Some(data.uid);
            service.group = Some(data.gid).filter(|group| *group != 0);
            service.groups = groups_of(data.uid, &read("/etc/passwd"), &read("/etc/group"));
            service.groups.push(data.gid);
        }
        // A folder of root's that only a group may enter is there for that group.
        if let Some(keys) = of(folder).filter(|keys| keys.uid == 0 && keys.mode & 0o007 == 0) {
            service.groups.push(keys.gid);
            service.group = service.group.or(Some(keys.gid).filter(|group| *group != 0));
        }
        // Whoever asks may be the service itself, as in a container.
        service.groups.extend(own_groups(&read("/proc/self/status")));
        service
    }

    /// How a key comes to be read by the service and by nobody else, where that is more than taking rights away.
    fn remedy(&self, path: &Path, file: Owned) -> Option<Text> {
        let path = path.display();
        let command = match (self.group, self.user) {
            _ if file.is_for(self) => format!("chmod 640 {path}"),
            (Some(group), _) if file.uid == 0 => {
                format!("chgrp {group} {path} && chmod 640 {path}")
            }
            (_, Some(user)) if file.uid != user => {
                format!("chown {user} {path} && chmod 600 {path}")
            }
            _ => return None,
        };
        Some(Text { nb: command.clone(), en: command })
    }
}

/// The groups of a user, from the texts of `/etc/passwd` and `/etc/group`.
#[cfg(unix)]
fn groups_of(uid: u32, passwd: &str, group: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for line in passwd.lines() {
        let mut fields = line.split(':');
        let (name, id, primary) = (fields.next(), fields.nth(1), fields.next());
        if id.and_then(|id| id.parse().ok()) != Some(uid) {
            continue;
        }
        found.extend(primary.and_then(|gid| gid.parse::<u32>().ok()));
        for line in group.lines() {
            let mut fields = line.split(':');
            let (gid, members) = (fields.nth(2), fields.next().unwrap_or_default());
            if members.split(',').any(|member| Some(member) == name) {
                found.extend(gid.and_then(|gid| gid.parse::<u32>().ok()));
            }
        }
    }
    found
}

/// The groups of this process, from the text of `/proc/self/status`; none of root, who is in no service's place.
#[cfg(unix)]
fn own_groups(status: &str) -> Vec<u32> {
    let of = |key: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.split_whitespace().filter_map(|id| id.parse().ok()).collect()
    };
    match of("Uid:").first() {
        None | Some(0) => Vec::new(),
        Some(_) => [of("Gid:"), of("Groups:")].concat(),
    }
}

fn write_and_remove(folder: &Path) -> anyhow::Result<()> {
    let cannot = || -> Text {
        text!(
            "der kan det ikke skrives {mib} MiB",
            "{mib} MiB cannot be written there",
            mib = ROOM >> 20
        )
    };
    // The library names its own scratch file, which says nothing to anybody.
    let plain = |error: std::io::Error| std::io::Error::from(error.kind());
    let mut file = tempfile::Builder::new()
        .prefix(".lmr-doctor-")
        .tempfile_in(folder)
        .map_err(plain)
        .explain(cannot)?;
    let block = vec![0; 1 << 20];
    for _ in 0..ROOM / block.len() {
        file.write_all(&block).map_err(plain).explain(cannot)?;
    }
    file.as_file().sync_all().map_err(plain).explain(cannot)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nlmr:x:998:997::/var/lib/lmr:/usr/sbin/nologin\nbroken\n";
    const GROUP: &str =
        "root:x:0:\nlmr:x:997:\nssl-cert:x:112:postgres,lmr\nusers:x:100:kari\nbroken:x\n";

    #[test]
    fn a_key_of_roots_may_be_read_by_a_group_of_the_service_and_by_no_other() {
        let groups = groups_of(998, PASSWD, GROUP);
        assert_eq!(groups, [997, 112]);
        assert!(groups_of(4711, PASSWD, GROUP).is_empty());
        let service = Service { user: Some(998), group: Some(997), groups };
        for (uid, gid, is_for) in [
            (0, 997, true),
            (0, 112, true),
            (0, 100, false),
            (0, 0, false),
            (1000, 997, false),
            (998, 997, false),
        ] {
            assert_eq!(Owned { mode: 0o640, uid, gid }.is_for(&service), is_for, "{uid}:{gid}");
        }
    }

    #[test]
    fn a_key_is_read_by_the_service_and_by_nobody_else() {
        let service =
            |user, group, groups: &[u32]| Service { user, group, groups: groups.to_vec() };
        let package = service(Some(998), Some(997), &[997, 112]);
        // Its folder's group is root's own, as after `chown lmr /var/lib/lmr`.
        let without_group = service(Some(998), None, &[0]);
        // The database is on a server; the folder of the keys is a group's.
        let of_folder = service(None, Some(997), &[997]);
        let unknown = service(None, None, &[]);
        let (fine, mode, access) = (None, Some("files.mode"), Some("files.access"));
        for (service, uid, gid, bits, line, remedy) in [
            (&package, 998, 997, 0o600, fine, ""),
            (&package, 998, 997, 0o640, mode, "chmod 600 k"),
            (&package, 0, 997, 0o640, fine, ""),
            (&package, 0, 112, 0o440, fine, ""),
            (&package, 0, 997, 0o600, access, "chmod 640 k"),
            (&package, 0, 112, 0o400, access, "chmod 640 k"),
            (&package, 0, 997, 0o644, mode, "chmod 640 k"),
            (&package, 0, 997, 0o604, mode, "chmod 640 k"),
            (&package, 0, 0, 0o600, access, "chgrp 997 k && chmod 640 k"),
            (&package, 0, 0, 0o640, mode, "chgrp 997 k && chmod 640 k"),
            (&package, 1000, 1000, 0o600, access, "chown 998 k && chmod 600 k"),
            (&package, 1000, 1000, 0o644, mode, "chown 998 k && chmod 600 k"),
            (&without_group, 0, 0, 0o600, access, "chown 998 k && chmod 600 k"),
            (&without_group, 0, 0, 0o644, mode, "chown 998 k && chmod 600 k"),
            (&without_group, 998, 0, 0o600, fine, ""),
            (&of_folder, 0, 997, 0o600, access, "chmod 640 k"),
            (&of_folder, 0, 997, 0o640, fine, ""),
            (&of_folder, 0, 0, 0o600, fine, ""),
            (&unknown, 0, 0, 0o600, fine, ""),
            (&unknown, 0, 0, 0o640, mode, "chmod 600 k"),
            (&unknown, 1000, 1000, 0o604, mode, "chmod 600 k"),
        ] {
            let mut checks = Checks::default();
            checks.secret_for(Path::new("k"), Owned { mode: bits, uid, gid }, service);
            let what = format!("{uid}:{gid} {bits:o}");
            assert!(checks.lines.len() <= 1, "{what}");
            let found = checks.lines.first();
            assert_eq!(found.map(|found| found.id), line, "{what}");
            let said = found.and_then(|found| found.remedy.as_ref());
            assert_eq!(said.map_or("", |said| said.en.as_str()), remedy, "{what}");
        }
    }

    #[test]
    fn whoever_asks_is_in_the_services_place_unless_it_is_root() {
        let status = |uid: u32| {
            format!(
                "Name:\tlmr\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t7\t7\t7\t7\nGroups:\t65532 12 \n"
            )
        };
        assert!(own_groups(&status(0)).is_empty());
        assert!(own_groups("").is_empty());
        let groups = own_groups(&status(65532));
        assert!([7, 12, 65532].iter().all(|group| groups.contains(group)), "{groups:?}");
    }
}
