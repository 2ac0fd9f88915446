//! Connections and requests of other programs, put into the workspace: all of them or none, with a way back.

use super::atomic::{self, Mode};
use super::error::StoreError;
use super::kept::Kept;
use super::workspace::{self, OnConflict, Workspace};
use crate::model::foreign::plan::{Change, Changes};
use crate::model::foreign::{FileRole, ForeignFile, ForeignProfile};
use crate::model::profile::{ProfileDraft, SecretSlot};
use crate::model::request::RequestDraft;
use crate::model::secret::Secret;
use crate::model::subscribe::SubscriptionDraft;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Files that came inside of an import, such as certificates.
const CERTIFICATES: &str = "certificates";

/// Something that was written, and what its file held before.
#[derive(Clone, Debug)]
pub struct Adopted<T> {
    pub id: String,
    pub draft: T,
    /// None where it is new.
    pub before: Option<T>,
    bytes: Option<Vec<u8>>,
}

/// What an import wrote, enough to take it back.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    pub profiles: Vec<Adopted<ProfileDraft>>,
    pub requests: Vec<Adopted<RequestDraft>>,
    pub subscriptions: Vec<Adopted<SubscriptionDraft>>,
    /// To be kept where secrets are, by the id of the profile.
    pub secrets: Vec<(String, SecretSlot, Secret)>,
    files: Vec<PathBuf>,
}

impl Workspace {
    /// Writes everything. When something cannot be written, nothing stays.
    pub fn import(&self, changes: Changes) -> Result<Imported, StoreError> {
        let mut done = Imported::default();
        match self.put_all(changes, &mut done) {
            Ok(()) => Ok(done),
            Err(err) => {
                if let Err(worse) = self.take_back(&done) {
                    log::error!("a part of an import could not be taken back: {worse}");
                }
                Err(err)
            }
        }
    }

    fn put_all(&self, changes: Changes, done: &mut Imported) -> Result<(), StoreError> {
        let mut ids: BTreeMap<String, String> = changes.links;
        for Change { replaces, item } in changes.profiles {
            let ForeignProfile {
                key,
                mut draft,
                secrets,
                files,
            } = item;
            let id = replaces
                .clone()
                .unwrap_or_else(|| self.new_id::<ProfileDraft>(&draft.name));
            if replaces.is_some() {
                self.keep_place(&id, &mut draft)?;
            }
            for file in &files {
                let path = self.put_file(&id, file, done)?;
                let tls = draft.tls.get_or_insert_default();
                let field = match file.role {
                    FileRole::Authority => &mut tls.ca_file,
                    FileRole::Certificate => &mut tls.certificate_file,
                    FileRole::Key => &mut tls.key_file,
                };
                *field = path.display().to_string();
            }
            let adopted = self.put_one(id.clone(), draft, replaces.is_some())?;
            done.profiles.push(adopted);
            let owned = secrets.into_iter();
            done.secrets
                .extend(owned.map(|(slot, secret)| (id.clone(), slot, secret)));
            ids.insert(key, id);
        }
        for Change { replaces, mut item } in changes.requests {
            item.connection = ids.get(&item.connection).cloned().unwrap_or_default();
            let id = replaces
                .clone()
                .unwrap_or_else(|| self.new_id::<RequestDraft>(&item.name));
            let adopted = self.put_one(id, item, replaces.is_some())?;
            done.requests.push(adopted);
        }
        for Change { replaces, mut item } in changes.subscriptions {
            item.connection = ids.get(&item.connection).cloned().unwrap_or_default();
            let id = replaces
                .clone()
                .unwrap_or_else(|| self.new_id::<SubscriptionDraft>(item.title()));
            let adopted = self.put_one(id, item, replaces.is_some())?;
            done.subscriptions.push(adopted);
        }
        Ok(())
    }

    /// Where it is listed stays as it is, where the source says nothing of it.
    fn keep_place(&self, id: &str, draft: &mut ProfileDraft) -> Result<(), StoreError> {
        let there = self.load_one::<ProfileDraft>(id)?;
        if let Some(there) = there.map(|stored| stored.draft)
            && draft.folder.is_empty()
        {
            draft.folder = there.folder;
            draft.order = draft.order.or(there.order);
            draft.colour = draft.colour.or(there.colour);
        }
        Ok(())
    }

    fn put_one<T: Kept>(
        &self,
        id: String,
        draft: T,
        is_there: bool,
    ) -> Result<Adopted<T>, StoreError> {
        let path = self.path::<T>(&id)?;
        let (mut before, mut bytes) = (None, None);
        if is_there {
            before = self.load_one::<T>(&id)?.map(|stored| stored.draft);
            bytes =
                atomic::read_if_there(&path).map_err(|err| StoreError::io("read", &path, err))?;
        }
        self.save(&id, &draft, OnConflict::Refuse)?;
        Ok(Adopted {
            id,
            draft,
            before,
            bytes,
        })
    }

    /// A file for its owner alone, under a name that is free.
    fn put_file(
        &self,
        id: &str,
        file: &ForeignFile,
        done: &mut Imported,
    ) -> Result<PathBuf, StoreError> {
        let folder = self.folder().join(CERTIFICATES);
        workspace::create_private_folder(&folder)
            .map_err(|err| StoreError::io("create", &folder, err))?;
        let ending = Path::new(&file.name).extension().and_then(|it| it.to_str());
        let is_usual = |it: &&str| it.len() <= 4 && it.chars().all(|c| c.is_ascii_alphanumeric());
        let ending = ending.filter(is_usual).unwrap_or("pem");
        let mut number = 1_u32;
        loop {
            let more = if number == 1 {
                String::new()
            } else {
                format!("-{number}")
            };
            let path = folder.join(format!("{id}-{}{more}.{ending}", file.role.word()));
            match atomic::write(&path, &file.bytes, Mode::Create) {
                Ok(()) => {
                    done.files.push(path.clone());
                    return Ok(path);
                }
                Err(err) if err.kind() == io::ErrorKind::AlreadyExists && number < 10_000 => {
                    number += 1;
                }
                Err(err) => return Err(StoreError::io("write", &path, err)),
            }
        }
    }

    /// Takes an import back: what is new goes to the trash, what was replaced is again what it was, byte for byte.
    pub fn take_back(&self, imported: &Imported) -> Result<(), StoreError> {
        for one in imported.subscriptions.iter().rev() {
            self.take_one_back(one)?;
        }
        for one in imported.requests.iter().rev() {
            self.take_one_back(one)?;
        }
        for one in imported.profiles.iter().rev() {
            self.take_one_back(one)?;
        }
        for path in imported.files.iter().rev() {
            match std::fs::remove_file(path) {
                Err(err) if err.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io("delete", path, err));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn take_one_back<T: Kept>(&self, one: &Adopted<T>) -> Result<(), StoreError> {
        match &one.bytes {
            Some(bytes) => self.put_bytes_back(&self.path::<T>(&one.id)?, bytes),
            None => self.delete::<T>(&one.id).map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::foreign::plan::{Choice, Plan};
    use crate::model::foreign::read;
    use crate::store::Scratch;
    use std::fs;

    const EXPLORER: &[u8] = include_bytes!("../../tests/fixtures/foreign/mqtt-explorer.json");
    const MQTTX: &[u8] = include_bytes!("../../tests/fixtures/foreign/mqttx-b.json");

    fn workspace() -> (Workspace, Scratch) {
        Workspace::scratch().unwrap()
    }

    fn plan(workspace: &Workspace, bytes: &[u8]) -> Plan {
        let profiles = workspace.load::<ProfileDraft>().items.into_iter();
        let profiles = profiles.map(|it| (it.id, it.draft)).collect();
        let requests = workspace.load::<RequestDraft>().items.into_iter();
        let requests = requests.map(|it| (it.id, it.draft)).collect();
        let subscriptions = workspace.load::<SubscriptionDraft>().items.into_iter();
        let subscriptions = subscriptions.map(|it| (it.id, it.draft)).collect();
        Plan::new(read(bytes).unwrap(), &profiles, &requests, &subscriptions)
    }

    fn all_files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn an_import_writes_connections_requests_and_certificates_and_no_password() {
        let (workspace, _scratch) = workspace();
        let done = workspace
            .import(plan(&workspace, EXPLORER).changes())
            .unwrap();
        assert_eq!(done.profiles.len(), 2);
        assert_eq!(done.secrets.len(), 1);
        let stored = workspace
            .load_one::<ProfileDraft>("plant-tls")
            .unwrap()
            .unwrap();
        let tls = stored.draft.tls.unwrap();
        for (path, ending) in [
            (&tls.ca_file, "plant-tls-ca.pem"),
            (&tls.certificate_file, "plant-tls-certificate.crt"),
            (&tls.key_file, "plant-tls-key.key"),
        ] {
            assert!(path.ends_with(ending), "{path}");
            assert!(fs::read(path).unwrap().starts_with(b"-----BEGIN"));
            #[cfg(unix)]
            {
                let mode = std::os::unix::fs::PermissionsExt::mode(
                    &fs::metadata(path).unwrap().permissions(),
                );
                assert_eq!(mode & 0o777, 0o600);
            }
        }
        for (path, bytes) in all_files(workspace.folder()) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(!text.contains("hunter2"), "{}", path.display());
        }
        // A second time there is nothing to do.
        assert!(plan(&workspace, EXPLORER).changes().is_empty());
    }

    #[test]
    fn what_is_taken_back_leaves_everything_as_it_was() {
        let (workspace, _scratch) = workspace();
        let first = workspace.import(plan(&workspace, MQTTX).changes()).unwrap();
        let id = &first.requests[0].id;
        assert_eq!(first.requests[0].draft.connection, first.profiles[0].id);
        let path = workspace.path::<RequestDraft>(id).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("# mine\n{}", text.replace("plain", "other"))).unwrap();
        let before = all_files(workspace.folder());
        let mut again = plan(&workspace, MQTTX);
        again.settle(Choice::Replace);
        let done = workspace.import(again.changes()).unwrap();
        assert_eq!(done.requests[0].before.as_ref().unwrap().payload, "other");
        assert!(fs::read_to_string(&path).unwrap().contains("plain"));
        workspace.take_back(&done).unwrap();
        assert_eq!(all_files(workspace.folder()), before);
        let explorer = workspace
            .import(plan(&workspace, EXPLORER).changes())
            .unwrap();
        workspace.take_back(&explorer).unwrap();
        assert_eq!(all_files(workspace.folder()), before);
    }

    #[test]
    fn an_import_that_cannot_be_finished_leaves_nothing() {
        let (workspace, _scratch) = workspace();
        let plan = plan(&workspace, MQTTX);
        fs::create_dir_all(workspace.folder()).unwrap();
        // Requests cannot be written where a file is in the place of their folder.
        fs::write(workspace.folder().join("requests"), "in the way").unwrap();
        let before = all_files(workspace.folder());
        workspace.import(plan.changes()).unwrap_err();
        assert_eq!(all_files(workspace.folder()), before);
    }
}
