//! Which variables of relwf's own environment are credentials, told by their names: programs that run others' code get none of them.

/// Parts of a name that make it one wherever they stand: `GITHUB_ACCESS_TOKEN`, `PGPASSWORD`.
const PARTS: [&str; 5] = ["TOKEN", "SECRET", "PASSW", "CREDENTIAL", "APIKEY"];
/// Words that do, between underscores: `AWS_ACCESS_KEY_ID`, `AZURE_DEVOPS_PAT`, `SSH_AUTH_SOCK`, `GIT_ASKPASS`.
const WORDS: [&str; 6] = ["KEY", "PAT", "PASS", "PASSPHRASE", "AUTH", "ASKPASS"];

/// Is a variable of this name a credential, or a way to one?
pub(crate) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    PARTS.iter().any(|part| name.contains(part)) || name.split('_').any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_known_by_their_names_and_settings_are_none() {
        for name in [
            "GITHUB_ACCESS_TOKEN",
            "GH_TOKEN",
            "TRAVIS_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "PGPASSWORD",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "AZURE_DEVOPS_EXT_PAT",
            "SSH_AUTH_SOCK",
            "GIT_ASKPASS",
            "npm_config__auth",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in
            ["PATH", "HOME", "LANG", "OUR_SETTING", "KEYBOARD", "AUTHOR", "GOPATH", "COMPASS", "http_proxy", "CI"]
        {
            assert!(!is_credential(name), "{name}");
        }
    }
}
