//! Parses, runs, answers an exit code. Everything else is in the library.

fn main() -> std::process::ExitCode {
    relwf::withhold_own_environment();
    relwf::hide_own_credentials();
    relwf::cli::main()
}
