//! The real program on a terminal of its own: `script` makes it, and passes on what is typed.

use super::cli::Machine;
use super::servers::program;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// What a terminal showed, without colours and movements of the cursor, and the exit code.
pub struct Shown {
    pub code: i32,
    pub text: String,
    /// All that the terminal was sent.
    pub sent: String,
}

/// Runs relwf on a terminal that a program made, which no person types on: the input is at its end from the start.
pub fn on_terminal_without_keys(machine: &Machine, dir: &Path, args: &[&str]) -> Shown {
    let mut script =
        script(machine, dir, args).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("script starts");
    let mut bytes = Vec::new();
    script.stdout.take().expect("a pipe").read_to_end(&mut bytes).expect("the terminal can be read");
    shown(script.wait().expect("script ends"), bytes)
}

fn script(machine: &Machine, dir: &Path, args: &[&str]) -> Command {
    let words: Vec<String> = [env!("CARGO_BIN_EXE_relwf")].iter().chain(args).map(|word| format!("'{word}'")).collect();
    let mut command = Command::new(program("script", "bsdutils"));
    // A shell between the two would end by ctrl-C itself.
    command.args(["-qec", &format!("exec {}", words.join(" ")), "/dev/null"]).current_dir(dir);
    command.env_clear().envs(machine.environment()).env("TERM", "xterm").env("LANG", "C.UTF-8");
    command
}

fn shown(status: ExitStatus, bytes: Vec<u8>) -> Shown {
    let sent = String::from_utf8(bytes).expect("relwf writes UTF-8").replace('\r', "");
    Shown { code: status.code().unwrap_or(-1), text: anstream::adapter::strip_str(&sent).to_string(), sent }
}

/// Runs relwf; once it has shown `question`, `answer` is what its user does and then types.
pub fn on_terminal(
    machine: &Machine,
    dir: &Path,
    args: &[&str],
    question: &str,
    answer: impl FnOnce() -> &'static str,
) -> Shown {
    let mut script =
        script(machine, dir, args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script starts");
    let (mut keys, mut screen) = (script.stdin.take().expect("a pipe"), script.stdout.take().expect("a pipe"));
    let (mut bytes, mut chunk, mut answer) = (Vec::new(), [0; 4096], Some(answer));
    loop {
        let read = screen.read(&mut chunk).expect("the terminal can be read");
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&chunk[..read]);
        if String::from_utf8_lossy(&bytes).contains(question)
            && let Some(answer) = answer.take()
        {
            keys.write_all(answer().as_bytes()).expect("the terminal can be typed on");
        }
    }
    shown(script.wait().expect("script ends"), bytes)
}

impl Shown {
    /// The exit code was this; shows what was shown when it was not.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}", self.text);
        self
    }

    /// It was shown, this often.
    #[track_caller]
    pub fn shows(&self, text: &str, times: usize) -> &Self {
        assert_eq!(self.text.matches(text).count(), times, "{text:?} in\n{}", self.text);
        self
    }
}
