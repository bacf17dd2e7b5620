//! Mirrors and leased pushes over real HTTP and SSH servers: logins, refusals, redirects, races.

use crate::support::git::{Repo, in_own_process, quiet};
use crate::support::servers;
use relwf::git::{
    Credentials, Expected, GitError, Ident, Keep, Mirror, NewCommit, PushError, RefUpdate, RemoteUrl, http_logins,
    routes, ssh_program,
};
use relwf::model::{CommitId, FailureKind, ObjectId, TaskContext};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Repositories `open/r.git` and `private/r.git` under a root, each with one commit on `master`.
fn served() -> (TempDir, Repo, Repo) {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.change("a.txt", "one\n");
    // One repository behind both doors: http-backend is given the path after them.
    let bare = Repo::bare(dir.path().join("root/r.git"));
    bare.git(&["config", "http.receivepack", "true"]);
    work.git(&["remote", "add", "origin", bare.path.to_str().unwrap()]);
    work.git(&["push", "-q", "origin", "master"]);
    (dir, work, bare)
}

fn open(cache: &Path, address: &str, task: TaskContext<'_>) -> Result<Mirror, GitError> {
    let url = RemoteUrl::parse(address, Path::new("/")).unwrap();
    Mirror::open(cache, &url, Arc::new(Credentials::new(|_| None, None)), Keep::Yes, task)
}

fn commit(mirror: &Mirror, parent: CommitId, message: &str) -> ObjectId {
    let who = Ident { name: "P".to_owned(), email: "p@x".to_owned(), time: 1_700_000_000, offset_minutes: 0 };
    let (tree, message) = (mirror.tree(parent).unwrap(), message.to_owned());
    let new = NewCommit { tree, parents: vec![parent], author: who.clone(), committer: who, message };
    mirror.write_commit(&new).unwrap().object()
}

fn move_master(mirror: &Mirror, from: ObjectId, to: ObjectId) -> Result<(), PushError> {
    let update = RefUpdate { name: "refs/heads/master".parse().unwrap(), expected: Expected::Id(from), new: Some(to) };
    mirror.push(&[update], quiet())
}

/// Clones, fetches, pushes, loses a lease, is declined by a hook, deletes: what must work over every transport.
fn round_trip(mirror: &Mirror, work: &Repo, bare: &Repo) {
    let tip = mirror.resolve("master").unwrap();
    assert_eq!(tip.to_string(), work.git(&["rev-parse", "master"]));
    let later = work.change("a.txt", "two\n");
    work.git(&["push", "-q", "origin", "master", "master:refs/relwf/changes/7"]);
    let synced = mirror.sync(quiet()).unwrap();
    assert!(synced.updated == 1 && synced.bytes > 0, "{synced:?}");
    assert_eq!(mirror.resolve("HEAD").unwrap().to_string(), later);
    assert_eq!(mirror.sync(quiet()).unwrap().bytes, 0);
    assert!(mirror.remote_refs(quiet()).unwrap().contains_key(&"refs/relwf/changes/7".parse().unwrap()));

    let later: CommitId = later.parse().unwrap();
    let new = commit(mirror, later, "pushed");
    match move_master(mirror, tip.object(), new) {
        Err(PushError::Moved { found, .. }) => assert_eq!(found, Some(later.object())),
        other => panic!("{other:?}"),
    }
    move_master(mirror, later.object(), new).unwrap();
    assert_eq!(bare.git(&["rev-parse", "master"]), new.to_string());
    bare.hook("pre-receive", "echo 'GH013: Repository rule violations' >&2; exit 1");
    match move_master(mirror, new, commit(mirror, new.into(), "declined")) {
        Err(PushError::Rejected { message, server, .. }) => {
            assert_eq!(message, "pre-receive hook declined");
            assert_eq!(server, ["GH013: Repository rule violations"]);
        }
        other => panic!("{other:?}"),
    }
    bare.hook("pre-receive", "exit 0");
    let gone =
        RefUpdate { name: "refs/relwf/changes/7".parse().unwrap(), expected: Expected::Id(later.object()), new: None };
    mirror.push(&[gone], quiet()).unwrap();
    assert_eq!(bare.refs(), format!("{new} refs/heads/master"));

    bare.meet_before_moving(4);
    let results: Vec<bool> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4)
            .map(|n| {
                scope.spawn(move || match move_master(mirror, new, commit(mirror, new.into(), &format!("race {n}"))) {
                    Ok(()) => true,
                    Err(PushError::Moved { .. }) => false,
                    other => panic!("{other:?}"),
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|won| **won).count(), 1, "{results:?}");
    assert_eq!(bare.git(&["fsck", "--full", "--strict", "--no-dangling"]), "");
}

#[test]
fn http_with_a_login_does_it_all() {
    let (dir, work, bare) = served();
    let server = servers::http(&dir.path().join("root"));
    let address = format!("http://ada:s3cret@127.0.0.1:{}/private/r.git", server.port);
    let mirror = open(&dir.path().join("cache"), &address, quiet()).unwrap();
    assert_eq!(mirror.url().to_string(), format!("http://127.0.0.1:{}/private/r.git", server.port));
    round_trip(&mirror, &work, &bare);
    let files = crate::support::git::bytes_of(&dir.path().join("cache"));
    assert!(files.iter().all(|(_, bytes)| !bytes.windows(6).any(|w| w == b"s3cret")), "the password is on the disk");
}

#[test]
fn http_without_a_login_reads_and_a_refused_push_names_what_it_needs() {
    let (dir, work, bare) = served();
    let server = servers::http(&dir.path().join("root"));
    let at = |path: &str| format!("http://127.0.0.1:{}/{path}", server.port);
    let cache = dir.path().join("cache");
    let mirror = open(&cache, &at("open/r.git"), quiet()).unwrap();
    let tip = mirror.resolve("master").unwrap();
    let new = commit(&mirror, tip, "new");
    match move_master(&mirror, tip.object(), new) {
        Err(PushError::NotSent(error)) => assert_eq!(error.failure().kind, FailureKind::Auth, "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(bare.git(&["rev-parse", "master"]), work.git(&["rev-parse", "master"]));

    let kind = |address: &str| open(&cache, address, quiet()).err().unwrap().failure().clone();
    assert_eq!(kind(&at("private/r.git")).kind, FailureKind::Auth);
    let wrong = kind(&format!("http://ada:wr0ng@127.0.0.1:{}/private/r.git", server.port));
    assert_eq!(wrong.kind, FailureKind::Auth);
    assert_eq!(wrong.causes, ["tried the repository's address"]);
    assert!(!format!("{wrong:?}").contains("wr0ng"), "{wrong:?}");
    assert_eq!(kind(&at("open/no.git")).kind, FailureKind::NotFound);
    drop(server);
    assert_eq!(mirror.sync(quiet()).unwrap_err().failure().kind, FailureKind::Network);
    let left = std::fs::read_dir(cache.join("mirrors")).unwrap().filter(|e| {
        let name = e.as_ref().unwrap().file_name();
        !name.to_string_lossy().ends_with(".lock")
    });
    assert_eq!(left.count(), 1, "a clone that failed left something");
}

#[test]
fn a_redirect_to_another_host_is_not_followed_with_credentials() {
    let (dir, _, _) = served();
    let server = servers::http(&dir.path().join("root"));
    let address = format!("http://ada:s3cret@127.0.0.1:{}/moved/r.git", server.port);
    let error = open(&dir.path().join("cache"), &address, quiet()).err().unwrap();
    assert!(error.to_string().contains("cannot redirect from '127.0.0.1' to 'localhost'"), "{error}");
}

#[test]
fn gits_credential_helper_is_asked_for_the_host() {
    let (dir, _, _) = served();
    let server = servers::http(&dir.path().join("root"));
    let config = dir.path().join("config");
    let helper = "!f() { test \"$1\" = get && cat >/dev/null && echo username=ada && echo password=s3cret; }; f";
    std::fs::write(&config, format!("[credential \"http://127.0.0.1:{}\"]\n\thelper = {helper:?}\n", server.port))
        .unwrap();
    let own = [("GIT_CONFIG_GLOBAL", config.display().to_string()), ("GIT_CONFIG_NOSYSTEM", "1".to_owned())];
    let env = move |key: &str| {
        let own = own.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
        own.or_else(|| std::env::var(key).ok().filter(|_| matches!(key, "PATH" | "HOME")))
    };
    let url = RemoteUrl::parse(&format!("http://127.0.0.1:{}/private/r.git", server.port), Path::new("/")).unwrap();
    let credentials = Arc::new(Credentials::new(env, None));
    let mirror = Mirror::open(&dir.path().join("cache"), &url, credentials, Keep::Yes, quiet()).unwrap();
    assert!(mirror.resolve("master").is_ok());
}

#[test]
fn ssh_with_a_key_file_does_it_all_and_strangers_are_refused() {
    const NAME: &str = "git_servers::ssh_with_a_key_file_does_it_all_and_strangers_are_refused";
    let place = std::env::var("RELWF_TEST_PLACE");
    let Ok(place) = place else {
        let (dir, _, _) = served();
        let home = dir.path().join("home");
        let server = servers::ssh(dir.path(), &home);
        let user = String::from_utf8(std::process::Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let place = format!("{user}@127.0.0.1:{}{}", server.port, dir.path().display()).replace('\n', "");
        let environment =
            [("RELWF_TEST_PLACE", place.as_str()), ("HOME", home.to_str().unwrap()), ("SSH_AUTH_SOCK", "/no/agent")];
        assert!(!in_own_process(NAME, &environment));
        return;
    };
    let dir = Path::new(&place[place.find('/').unwrap()..]).to_owned();
    let (work, bare) = (Repo::at(dir.join("work")), Repo::at(dir.join("root/r.git")));
    let home = std::env::var("HOME").unwrap();
    let address = format!("ssh://{place}/root/r.git");
    let url = RemoteUrl::parse(&address, Path::new("/")).unwrap();
    let with = |cache: &str| {
        let credentials = Arc::new(Credentials::new(|key| std::env::var(key).ok(), None));
        Mirror::open(&dir.join(cache), &url, credentials, Keep::Yes, quiet())
    };
    round_trip(&with("cache").unwrap(), &work, &bare);

    let known = Path::new(&home).join(".ssh/known_hosts");
    let trusted = std::fs::read_to_string(&known).unwrap();
    for other in [String::new(), trusted.replace("AAAAI", "AAAAJ")] {
        std::fs::write(&known, other).unwrap();
        let failure = with("stranger").err().unwrap().failure().clone();
        assert_eq!(failure.kind, FailureKind::Auth, "{failure:?}");
        assert!(failure.hint.clone().unwrap().contains("ssh-keyscan -p"), "{failure:?}");
    }
    std::fs::write(&known, trusted).unwrap();
    std::fs::remove_file(Path::new(&home).join(".ssh/id_ed25519")).unwrap();
    let failure = with("keyless").err().unwrap().failure().clone();
    assert_eq!(failure.kind, FailureKind::Auth, "{failure:?}");
    assert!(failure.hint.unwrap().contains("ssh-agent"));
}

/// An alias, a port, a key and known hosts that only the given program knows of.
#[test]
fn ssh_by_the_program_that_git_is_told_to_use_does_it_all_and_has_the_last_word() {
    let (dir, work, bare) = served();
    let home = dir.path().join("home");
    let server = servers::ssh(dir.path(), &home);
    let (key, known) = (home.join(".ssh/id_ed25519"), home.join(".ssh/known_hosts"));
    let config = dir.path().join("ssh.conf");
    let text = |key: &Path| {
        format!(
            "Host forge\n HostName 127.0.0.1\n Port {}\n IdentityFile {}\n IdentitiesOnly yes\n UserKnownHostsFile {}\n",
            server.port,
            key.display(),
            known.display()
        )
    };
    std::fs::write(&config, text(&key)).unwrap();
    let command = format!("ssh -F '{}'", config.display());
    let env = |name: &str| (name == "GIT_SSH_COMMAND").then(|| command.clone());
    let url = RemoteUrl::parse(&format!("forge:{}", bare.path.display()), Path::new("/")).unwrap();
    let url = url.through(ssh_program(&env, None).unwrap());
    let with = |cache: &str| {
        Mirror::open(&dir.path().join(cache), &url, Arc::new(Credentials::new(|_| None, None)), Keep::Yes, quiet())
    };
    round_trip(&with("cache").unwrap(), &work, &bare);

    let refused = |cache: &str, words: &str, hint: &str| {
        let failure = with(cache).err().unwrap().failure().clone();
        assert_eq!(failure.kind, FailureKind::Auth, "{failure:?}");
        assert!(failure.message.contains(words) && failure.hint.clone().unwrap().contains(hint), "{failure:?}");
    };
    let trusted = std::fs::read_to_string(&known).unwrap();
    // Another key than the known one, a host that is not known, a key that was taken back.
    for other in [trusted.replace("AAAAI", "AAAAJ"), String::new(), format!("@revoked {trusted}")] {
        std::fs::write(&known, other).unwrap();
        refused("stranger", "Host key verification failed", "before you change known_hosts");
    }
    std::fs::write(&known, trusted).unwrap();
    std::fs::write(&config, text(&dir.path().join("host_key"))).unwrap();
    refused("keyless", "Permission denied", "ssh-agent");
}

/// `http.extraHeader` of CI services, `~/.netrc`, `GIT_ASKPASS`, and the address itself.
#[test]
fn logins_that_git_has_written_down_are_sent_to_their_host_alone() {
    let (dir, _, _) = served();
    let server = servers::http(&dir.path().join("root"));
    let home = dir.path().join("home");
    std::fs::create_dir_all(&home).unwrap();
    let ask = home.join("ask");
    std::fs::write(&ask, "#!/bin/sh\ncase \"$1\" in User*) echo ada;; *) echo s3cret;; esac\n").unwrap();
    std::fs::set_permissions(&ask, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let address = format!("http://127.0.0.1:{}/private/r.git", server.port);
    let open = |set: &[(&str, &str)], address: &str, cache: &str| {
        let mut set: Vec<(String, String)> = set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        set.push(("HOME".to_owned(), home.display().to_string()));
        set.push(("GIT_CONFIG_NOSYSTEM".to_owned(), "1".to_owned()));
        set.push(("PATH".to_owned(), std::env::var("PATH").unwrap()));
        let env = move |name: &str| set.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let url = RemoteUrl::parse(address, Path::new("/")).unwrap();
        let logins = http_logins(&env, &routes(&env, None).unwrap(), &url);
        let credentials = Arc::new(Credentials::new(env, None).with_logins(logins));
        let opened = Mirror::open(&dir.path().join(cache), &url, Arc::clone(&credentials), Keep::Yes, quiet());
        (opened.is_ok(), credentials.source_for(&url).map(|source| source.0))
    };
    let header = |key: &'static str| {
        [
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", key),
            ("GIT_CONFIG_VALUE_0", "AUTHORIZATION: basic YWRhOnMzY3JldA=="),
        ]
    };
    let source = |words: &str| Some(words.to_owned());
    assert_eq!(open(&[], &address, "none"), (false, None));
    assert_eq!(open(&header("http.extraHeader"), &address, "header"), (true, source("http.extraHeader")));
    let other = open(&header("http.https://other.example/.extraheader"), &address, "other");
    assert_eq!(other, (false, None));
    let ask = [("GIT_ASKPASS", ask.to_str().unwrap())];
    assert_eq!(open(&ask, &address, "ask"), (true, source("git credential")));
    let whole = address.replace("http://", "http://ada:s3cret@");
    assert_eq!(open(&[], &whole, "address"), (true, source("the repository's address")));
    std::fs::write(home.join(".netrc"), "machine 127.0.0.1 login ada password s3cret\n").unwrap();
    assert_eq!(open(&[], &address, "netrc"), (true, source("~/.netrc")));
}

#[test]
fn progress_counts_objects_and_bytes() {
    let (dir, work, _) = served();
    (0..200).for_each(|n| work.write(&format!("f{n}"), format!("{n}")));
    work.commit("many");
    work.git(&["push", "-q", "origin", "master"]);
    let server = servers::http(&dir.path().join("root"));
    let told = Mutex::new(Vec::new());
    let cancel = relwf::model::Cancel::new();
    let task = TaskContext { cancel: &cancel, progress: &|p| told.lock().unwrap().push(p) };
    open(&dir.path().join("cache"), &format!("http://127.0.0.1:{}/open/r.git", server.port), task).unwrap();
    let told = told.into_inner().unwrap();
    let last = told.iter().rfind(|p| p.what == "receiving objects").unwrap();
    assert!(last.done == last.total && last.total > Some(200) && last.bytes > Some(0), "{last:?}");
    assert!(told.len() < 30, "{} reports", told.len());
}
