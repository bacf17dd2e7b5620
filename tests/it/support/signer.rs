//! Somebody with a key: a throw-away home with git's configuration for signing, and programs that count how often they sign.

use relwf::git::Signing;
use relwf::model::Failure;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Somebody with a key.
pub struct Signer {
    home: tempfile::TempDir,
    /// What the environment says on top of home and PATH.
    more: Mutex<BTreeMap<&'static str, String>>,
    /// The program behind the one that counts.
    program: &'static str,
}

/// Runs a shell line in a folder; its output.
#[track_caller]
pub fn shell(dir: &Path, line: &str) -> String {
    ran(Command::new("sh").arg("-c").arg(line).current_dir(dir))
}

#[track_caller]
fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn executable(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

impl Signer {
    fn new(program: &'static str) -> Self {
        let package = match program {
            "ssh-keygen" => "openssh-client",
            "gpg" => "gnupg",
            other => other,
        };
        super::servers::program(program, package);
        let signer = Self { home: tempfile::tempdir().unwrap(), more: Mutex::default(), program };
        std::fs::set_permissions(signer.home(), std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(signer.home().join("count"), "").unwrap();
        signer.wrap("");
        signer.set("commit.gpgsign", "true");
        signer
    }

    /// An ssh key of this kind, with this passphrase (or none).
    pub fn ssh(kind: &str, passphrase: &str) -> Self {
        let signer = Self::new("ssh-keygen");
        let key = signer.home().join("key");
        ran(Command::new("ssh-keygen").args(["-q", "-C", "ada", "-t", kind, "-N", passphrase, "-f"]).arg(&key));
        let allowed = signer.home().join("allowed");
        std::fs::write(&allowed, format!("ada@example.org,robin@orders.example {}\n", signer.public_key())).unwrap();
        signer.set("gpg.format", "ssh");
        signer.set("gpg.ssh.program", &signer.program_file());
        signer.set("user.signingkey", "~/key");
        signer
    }

    /// An OpenPGP key for the bench's committer.
    pub fn openpgp() -> Self {
        let signer = Self::new("gpg");
        signer.set("gpg.program", &signer.program_file());
        signer.set_environment("GNUPGHOME", signer.home().display().to_string());
        // Nobody is there to be asked.
        std::fs::write(signer.home().join("gpg-agent.conf"), "pinentry-program /bin/false\n").unwrap();
        signer.gpg("Ada Test <ada@example.org>", "");
        signer
    }

    /// A key for this address whose passphrase relwf does not get.
    pub fn locked_key(&self, address: &str) {
        self.gpg(address, "a passphrase");
        ran(self.command("gpgconf").args(["--kill", "gpg-agent"]));
    }

    /// One more key that needs no passphrase.
    pub fn openpgp_key(&self, who: &str) {
        self.gpg(who, "");
    }

    fn gpg(&self, who: &str, passphrase: &str) {
        let mut gpg = self.command("gpg");
        gpg.args(["--batch", "--pinentry-mode", "loopback", "--passphrase", passphrase]);
        ran(gpg.args(["--quick-generate-key", who, "ed25519", "sign", "never"]));
    }

    /// A certificate for the bench's committer that signs itself.
    pub fn x509() -> Self {
        let signer = Self::new("gpgsm");
        signer.set("gpg.format", "x509");
        signer.set("gpg.x509.program", &signer.program_file());
        signer.set_environment("GNUPGHOME", signer.home().display().to_string());
        let home = signer.home();
        std::fs::write(home.join("gpg-agent.conf"), "pinentry-program /bin/false\n").unwrap();
        std::fs::write(home.join("gpgsm.conf"), "disable-crl-checks\ndisable-dirmngr\n").unwrap();
        shell(
            home,
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout x.key -out x.crt -days 30 -batch -subj '/CN=Ada Test' \
             -addext subjectAltName=email:ada@example.org -addext keyUsage=digitalSignature,nonRepudiation,keyCertSign \
             2>/dev/null && openssl pkcs12 -export -legacy -in x.crt -inkey x.key -out x.p12 -passout pass:",
        );
        ran(signer.command("sh").current_dir(home).args([
            "-c",
            "echo | gpgsm --batch --pinentry-mode loopback --passphrase-fd 0 --import x.p12 2>/dev/null && \
             gpgsm --list-keys --with-colons | awk -F: '/^fpr/ { print $10, \"S relax\"; exit }' > trustlist.txt && \
             gpgconf --kill gpg-agent",
        ]));
        // gpgsm does not look for `Name <address>`, which is what git asks for without this.
        signer.set("user.signingkey", "ada@example.org");
        signer
    }

    /// The program that signs: it runs this shell line once the real one has made its signature.
    pub fn wrap(&self, after: &str) {
        let file = self.home().join("signer");
        let program = self.program;
        // Verifying is none of its business, and it is asked to do that too.
        let text = format!(
            "#!/bin/sh\n{program} \"$@\"\nended=$?\n\
             case \"$*\" in *'-Y sign'*|*-bsau*) [ $ended = 0 ] && {{ echo >> {count}; {after}\n}};; esac\nexit $ended\n",
            count = self.home().join("count").display(),
        );
        executable(&file, &text);
    }

    fn program_file(&self) -> String {
        self.home().join("signer").display().to_string()
    }

    /// How often something was signed.
    pub fn signed(&self) -> usize {
        std::fs::read_to_string(self.home().join("count")).unwrap().lines().count()
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The public half of the ssh key.
    pub fn public_key(&self) -> String {
        std::fs::read_to_string(self.home().join("key.pub")).unwrap().trim().to_owned()
    }

    fn config(&self) -> PathBuf {
        self.home().join(".gitconfig")
    }

    pub fn set(&self, key: &str, value: &str) {
        ran(Command::new(super::git::program()).args(["config", "--file"]).arg(self.config()).args([key, value]));
    }

    pub fn unset(&self, key: &str) {
        ran(Command::new(super::git::program()).args(["config", "--unset", "--file"]).arg(self.config()).arg(key));
    }

    fn set_environment(&self, name: &'static str, value: String) {
        self.more.lock().unwrap().insert(name, value);
    }

    /// A window that asks for passphrases: its answer is what this shell line says.
    pub fn ask_with(&self, line: &str) {
        let file = self.home().join("askpass");
        executable(&file, &format!("#!/bin/sh\n{line}\n"));
        self.set_environment("SSH_ASKPASS", file.display().to_string());
    }

    /// An agent that knows the ssh key; it ends when it is told to, or after a minute.
    pub fn start_agent(&self) {
        let socket = self.home().join("agent");
        let started = ran(Command::new("ssh-agent").args(["-s", "-t", "60", "-a"]).arg(&socket));
        let id = started.split(['=', ';']).find(|part| part.parse::<u32>().is_ok()).unwrap().to_owned();
        self.set_environment("SSH_AUTH_SOCK", socket.display().to_string());
        self.set_environment("SSH_AGENT_PID", id);
        ran(self.command("ssh-add").arg("-q").arg(self.home().join("key")));
    }

    /// The whole environment.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let path = std::env::var("PATH").unwrap();
        let fixed =
            [("PATH", path), ("HOME", self.home().display().to_string()), ("GIT_CONFIG_NOSYSTEM", "1".to_owned())];
        let global = [("GIT_CONFIG_GLOBAL", self.config().display().to_string())];
        let more = self.more.lock().unwrap().clone();
        fixed.into_iter().chain(global).chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment());
        command
    }

    /// What relwf makes of the configuration.
    pub fn signing(&self) -> Result<Option<Signing>, Failure> {
        let environment = self.environment();
        Signing::find(&|name| environment.get(name).cloned(), None).map_err(Failure::from)
    }

    /// git finds a good signature by a key that is trusted.
    #[track_caller]
    pub fn verify(&self, repository: &Path, commit: &str) {
        let allowed = format!("gpg.ssh.allowedSignersFile={}", self.home().join("allowed").display());
        let mut verify = self.command("git");
        let output = verify.args(["-c", &allowed, "verify-commit", commit]).current_dir(repository).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(output.status.success() && words.contains("good"), "{commit}: {words}");
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        if self.more.lock().unwrap().contains_key("GNUPGHOME") {
            let _ = self.command("gpgconf").args(["--kill", "all"]).output();
        }
        if self.more.lock().unwrap().contains_key("SSH_AGENT_PID") {
            let _ = self.command("ssh-agent").arg("-k").output();
        }
    }
}
