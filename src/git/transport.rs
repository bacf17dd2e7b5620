//! How bytes get to and from a remote: libgit2's own transports, and git's programs for repositories on this machine.
//!
//! For a path libgit2 would build packs in this process (two hundred times slower than git where measured) and would
//! run no hooks on a push. So a private scheme starts `git upload-pack` and `git receive-pack`, as git itself does.

use super::ref_advertisement::{Passed, RefFilter};
use super::{GitError, RemoteUrl, certificates, program};
use crate::model::{Cancel, hex};
use crate::process::Duplex;
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Once;

const SCHEME: &str = "relwf-local";
/// For servers that a program of its own reaches: what starts it, then the path there, apart by NUL bytes.
const SSH_SCHEME: &str = "relwf-ssh";

/// How long a connection may take to come about.
const CONNECT_MILLIS: i32 = 30_000;
/// How long a server may be silent. Hooks and the counting of large histories take minutes.
const SILENCE_MILLIS: i32 = 600_000;
/// libgit2 keeps trees up to this size instead of inflating them for every path that is looked up; by itself only those up to 4 KiB,
/// which the root of a large repository is not.
const LARGEST_CACHED_TREE: usize = 1 << 20;

/// Prepares libgit2, once per process; called before a repository is opened.
pub(super) fn set_up() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // As git: what is written is not checked against what it points to (partial clones lack some of it), and what is
        // read is checked by zlib's and the pack's sums alone. Both cost more than the merges themselves.
        git2::opts::strict_object_creation(false);
        git2::opts::strict_hash_verification(false);
        // SAFETY: these calls change libgit2's global tables and must not run beside others that use them. `Once` lets one
        // thread in, and this room calls `set_up` before every first use, so no transport is created and no server is
        // connected to meanwhile.
        #[allow(unsafe_code)]
        let registered = unsafe {
            git2::transport::register(SCHEME, |remote| {
                let path = remote.url().ok().and_then(decoded).ok_or_else(|| git2::Error::from_str("no path"))?;
                Transport::smart(remote, false, Local { path })
            })
            .and_then(|()| {
                git2::transport::register(SSH_SCHEME, |remote| {
                    let argv = remote.url().ok().and_then(words);
                    let argv = argv.ok_or_else(|| git2::Error::from_str("no program"))?;
                    Transport::smart(remote, false, Ssh { argv })
                })
            })
            .and_then(|()| git2::opts::set_cache_object_limit(git2::ObjectType::Tree, LARGEST_CACHED_TREE))
            .and_then(|()| git2::opts::set_server_connect_timeout_in_milliseconds(CONNECT_MILLIS))
            .and_then(|()| git2::opts::set_server_timeout_in_milliseconds(SILENCE_MILLIS))
        };
        if let Err(error) = registered {
            tracing::warn!(%error, "libgit2 could not be set up; local remotes go without git's programs");
        }
    });
}

/// What libgit2 is given for a remote.
pub(super) fn address(url: &RemoteUrl) -> Result<String, GitError> {
    set_up();
    Ok(match url.path() {
        Some(path) if program::git_program().is_some() => {
            let hex: String = hex(path.as_os_str().as_bytes());
            format!("{SCHEME}://{hex}")
        }
        Some(path) => path.display().to_string(),
        None => {
            if let Some((program, place)) = url.by_ssh_program() {
                let mut words = program.argv(&place)?;
                words.push(place.quoted_path());
                return Ok(format!("{SSH_SCHEME}://{}", hex(words.join("\0").as_bytes())));
            }
            if url.is_http() {
                certificates::load_once(&url.route().trust)?;
            }
            url.to_string()
        }
    })
}

fn decoded(address: &str) -> Option<PathBuf> {
    Some(OsString::from_vec(bytes(address, SCHEME)?).into())
}

/// What starts a program, and the path on its server.
fn words(address: &str) -> Option<Vec<String>> {
    Some(String::from_utf8(bytes(address, SSH_SCHEME)?).ok()?.split('\0').map(str::to_owned).collect())
}

fn bytes(address: &str, scheme: &str) -> Option<Vec<u8>> {
    let hex = address.strip_prefix(scheme)?.strip_prefix("://")?;
    let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// Opens a repository by path as git finds it: `x`, `x/.git`, `x.git`.
pub(super) fn open_source(path: &Path) -> Result<git2::Repository, git2::Error> {
    set_up();
    git2::Repository::open(path).or_else(|error| {
        let mut with_ending = path.as_os_str().to_owned();
        with_ending.push(".git");
        match Path::new(&with_ending).is_dir() {
            true => git2::Repository::open(with_ending),
            false => Err(error),
        }
    })
}

thread_local! {
    /// The cancel flag of the transfer that this thread is in: libgit2 creates transports without room for it.
    static CANCEL: RefCell<Option<Cancel>> = const { RefCell::new(None) };
    /// The references that are advertised to this thread's push, where not all are.
    static ADVERTISED: RefCell<Option<BTreeSet<String>>> = const { RefCell::new(None) };
}

/// While it lives, transfers of this thread stop at ctrl-C.
pub(super) struct CancelScope(Option<Cancel>);

impl CancelScope {
    pub(super) fn new(cancel: &Cancel) -> Self {
        Self(CANCEL.replace(Some(cancel.clone())))
    }
}

impl Drop for CancelScope {
    fn drop(&mut self) {
        CANCEL.set(self.0.take());
    }
}

/// While it lives, only these references are advertised to pushes of this thread, where the repository is on this machine.
pub(super) struct AdvertisedRefs;

impl AdvertisedRefs {
    pub(super) fn of(names: Option<BTreeSet<String>>) -> Self {
        ADVERTISED.set(names);
        Self
    }
}

impl Drop for AdvertisedRefs {
    fn drop(&mut self) {
        ADVERTISED.set(None);
    }
}

/// Starts git's programs for one repository.
struct Local {
    path: PathBuf,
}

impl SmartSubtransport for Local {
    fn action(&self, _address: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let name = match service {
            Service::UploadPackLs | Service::UploadPack => "upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "receive-pack",
        };
        let argv = [OsStr::new("git"), OsStr::new(name), self.path.as_os_str()];
        let filter = ADVERTISED.with_borrow(Option::clone).filter(|_| name == "receive-pack");
        piped(format!("git {name}"), &argv, filter.map(RefFilter::new))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// Starts git's programs on a server.
struct Ssh {
    /// The program that reaches it, its arguments, and the path there.
    argv: Vec<String>,
}

impl SmartSubtransport for Ssh {
    fn action(&self, _address: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let name = match service {
            Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
        };
        let mut argv = self.argv.clone();
        if let Some(path) = argv.last_mut() {
            *path = format!("{name} {path}");
        }
        piped("ssh".to_owned(), &argv, None)
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// Starts a program to talk to; `name` is what errors call it.
fn piped(
    name: String,
    argv: &[impl AsRef<OsStr>],
    filter: Option<RefFilter>,
) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
    let cancel = CANCEL.with_borrow(Option::clone).unwrap_or_default();
    match Duplex::start(name.clone(), argv, &program::LOCAL_ENVIRONMENT, cancel) {
        Ok(program) => Ok(Box::new(Pipe { program, chunk: io::Cursor::default(), filter })),
        Err(error) => Err(git2::Error::new(
            git2::ErrorCode::GenericError,
            git2::ErrorClass::Os,
            format!("{name} cannot be started: {error}"),
        )),
    }
}

/// A running program, and what of its output is not read yet.
struct Pipe {
    program: Duplex,
    chunk: io::Cursor<Vec<u8>>,
    /// Until the other side has named its references.
    filter: Option<RefFilter>,
}

impl Pipe {
    fn filtered(&mut self, chunk: &[u8]) {
        let Some(filter) = &mut self.filter else { return };
        if let Passed::Whole(bytes) = filter.pass(chunk) {
            self.chunk = io::Cursor::new(bytes);
            self.filter = None;
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let chunk = self.program.next_chunk()?;
            match self.filter {
                Some(_) => self.filtered(&chunk),
                None if chunk.is_empty() => return Ok(0),
                None => self.chunk = io::Cursor::new(chunk),
            }
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.program.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.program.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_survives_the_private_scheme() {
        for path in ["/a b/ü/日本", "/x'\"$(y)/%20", "/"] {
            let url = RemoteUrl::local(Path::new(path));
            let address = address(&url).unwrap();
            assert_eq!(decoded(&address).as_deref(), url.path(), "{address}");
        }
        assert_eq!(decoded("relwf-local://zz"), None);
        assert_eq!(decoded("relwf-local://f"), None);
        assert_eq!(decoded("relwf-local://é1"), None);
    }
}
