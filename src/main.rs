//! Parses, runs, answers an exit code. Everything else is in the library.

fn main() -> std::process::ExitCode {
    relwf::cli::main()
}
