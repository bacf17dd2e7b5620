//! An https git server with a certificate of a private CA, and proxies on the way to it.

use super::servers::{self, Server};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// A CA of our own, and a certificate that it gave a server.
pub struct Authority {
    dir: PathBuf,
}

impl Authority {
    /// The certificate is for `localhost`, `127.0.0.1` and `git.example`.
    pub fn new(dir: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        let authority = Self { dir: dir.to_owned() };
        fs::write(
            dir.join("server.ext"),
            "subjectAltName=DNS:localhost,DNS:git.example,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n",
        )
        .unwrap();
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -batch \
             -subj /CN=Acme-CA -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign",
        );
        authority.openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -batch \
             -subj /CN=localhost",
        );
        authority.openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.crt -days 20 \
             -extfile server.ext",
        );
        authority
    }

    /// The server shows the CA's own certificate.
    pub fn alone(dir: &Path) -> Self {
        let authority = Self::new(dir);
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.crt -days 30 \
             -batch -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1",
        );
        fs::copy(dir.join("server.crt"), authority.file()).unwrap();
        authority
    }

    /// The CA's certificate.
    pub fn file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    fn openssl(&self, line: &str) {
        let mut command = Command::new(servers::program("openssl", "openssl"));
        let output = command.args(line.split_whitespace()).current_dir(&self.dir).output().unwrap();
        assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// `git http-backend` for the repositories in `root`, over TLS (Debian's package lighttpd-mod-openssl). `/open/` needs no login to read, `/private/` that of `ada`,
    /// password `s3cret`; `/moved/` redirects to `elsewhere`.
    pub fn serve(&self, root: &Path, elsewhere: &str) -> Server {
        let users = root.join("users");
        fs::write(&users, "ada:s3cret\n").unwrap();
        let text = |port| {
            format!(
                r#"
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ( "mod_openssl", "mod_alias", "mod_auth", "mod_authn_file", "mod_cgi", "mod_redirect", "mod_setenv" )
ssl.engine = "enable"
ssl.pemfile = "{certificate}"
ssl.privkey = "{key}"
auth.backend = "plain"
auth.backend.plain.userfile = "{users}"
url.redirect = ( "^/moved/(.*)" => "{elsewhere}/$1" )
url.redirect-code = 302
cgi.assign = ( "" => "" )
alias.url = ( "/open" => "{backend}", "/private" => "{backend}" )
setenv.set-environment = ( "GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1" )
$HTTP["url"] =~ "^/private/" {{
  auth.require = ( "" => ( "method" => "basic", "realm" => "git", "require" => "valid-user" ) )
}}
"#,
                root = root.display(),
                certificate = self.dir.join("server.crt").display(),
                key = self.dir.join("server.key").display(),
                users = users.display(),
                backend = servers::http_backend().display(),
            )
        };
        servers::lighttpd(root, text)
    }
}

/// A real proxy, tinyproxy, in a folder of its own; with a login when there is one (`user password`).
pub struct Proxy {
    server: Server,
    log: PathBuf,
}

impl Proxy {
    pub fn start(dir: &Path, login: Option<&str>) -> Self {
        fs::create_dir_all(dir).unwrap();
        let (config, log) = (dir.join("tinyproxy.conf"), dir.join("tinyproxy.log"));
        let login = login.map(|login| format!("BasicAuth {login}\n")).unwrap_or_default();
        let server = servers::run(&dir.join("tinyproxy.out"), |port| {
            let text = format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 60\nLogFile \"{}\"\nLogLevel Connect\nMaxClients 50\n{login}",
                log.display()
            );
            fs::write(&config, text).unwrap();
            let mut command = Command::new(servers::program("tinyproxy", "tinyproxy"));
            command.arg("-d").arg("-c").arg(&config);
            command
        });
        Self { server, log }
    }

    /// `127.0.0.1:3128`.
    pub fn place(&self) -> String {
        format!("127.0.0.1:{}", self.server.port)
    }

    /// The requests that came by, e.g. `CONNECT 127.0.0.1:8443 HTTP/1.1`.
    pub fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let said = log.lines().filter_map(|line| line.split_once("Request (file descriptor "));
        said.filter_map(|(_, rest)| Some(rest.split_once(": ")?.1.trim().to_owned())).collect()
    }
}

/// A proxy that takes every name for this machine, and writes down what it is asked for.
pub struct Tunnel {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// The login that it requires (`Basic …`); `None`: it lets every client by.
    pub fn start(login: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || pass(stream, login, &seen));
            }
        });
        Self { address, heads }
    }

    /// `http://127.0.0.1:3128`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of all requests so far, as they came.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// One connection: anything but `CONNECT` is turned away.
fn pass(mut client: TcpStream, login: Option<&str>, seen: &Mutex<Vec<String>>) {
    let head = loop {
        let head = head(&mut client);
        seen.lock().unwrap().push(head.clone());
        if head.is_empty() || login.is_none_or(|login| head.contains(&format!("\r\nProxy-Authorization: {login}\r\n")))
        {
            break head;
        }
        let _ = client.write_all(
            b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"tunnel\"\r\nContent-Length: 3\r\n\r\nno\n",
        );
    };
    let port =
        head.strip_prefix("CONNECT ").and_then(|rest| rest.split([':', ' ']).nth(1)).and_then(|p| p.parse().ok());
    let server = port.and_then(|port: u16| TcpStream::connect(("127.0.0.1", port)).ok());
    let Some(mut server) = server else {
        let _ = client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    };
    let _ = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
    let (mut back_from, mut back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let back = std::thread::spawn(move || {
        let _ = std::io::copy(&mut back_from, &mut back_to);
        let _ = back_to.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut client, &mut server);
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
}

fn head(client: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(client.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}
