//! Every key of relwf.toml, declared once: reading and the reference come from here. The keys of a detector stand with it.

use crate::components;
use crate::document::TableDoc;

/// All tables, in the order of the reference.
pub fn tables() -> Vec<TableDoc> {
    let mut tables = vec![
        TableDoc { title: "relwf.toml", doc: "No table is required.", keys: top::KEYS },
        TableDoc { title: "[repo]", doc: "The repository that is promoted in.", keys: repo::KEYS },
        TableDoc {
            title: "[process]",
            doc: "The process that counts, whatever branch is checked out.",
            keys: process::KEYS,
        },
        TableDoc {
            title: "[[environment]]",
            doc: "A branch that deploys itself when it is pushed, and what its commits must pass.",
            keys: environment::KEYS,
        },
        TableDoc {
            title: "`health` of an environment",
            doc: "The address that is read after a deploy. It may be given instead of the table.",
            keys: health::KEYS,
        },
        TableDoc {
            title: "[[component]]",
            doc: "What a release is made of. Without any, the whole repository is one component that is counted in commits. The \
                  other keys of a component are those of its detector.",
            keys: component::KEYS,
        },
    ];
    tables.extend(components::declared().iter().map(|detector| TableDoc {
        title: detector.word,
        doc: detector.doc,
        keys: detector.keys,
    }));
    tables.extend([
        TableDoc {
            title: "[forge]",
            doc: "Where changes are proposed and required verdicts come from.",
            keys: forge::KEYS,
        },
        TableDoc { title: "[ci]", doc: "What builds and tests commits. Without it nothing is tested.", keys: ci::KEYS },
        TableDoc {
            title: "`checkout` of `[ci]`",
            doc: "What the command's checkout has beside the files, branches and tags of the repository.",
            keys: ci_checkout::KEYS,
        },
        TableDoc {
            title: "[release]",
            doc: "What lands on production is tagged, once it is deployed, with the release notes as the tag's message; on GitHub, GitLab and \
                  Forgejo it becomes a release. Promotions, hotfixes and `reland` are releases. A rollback and a revert are none: they take back \
                  what has its tag already.",
            keys: release::KEYS,
        },
        TableDoc {
            title: "[fleet]",
            doc: "The agents at your customers, updated in waves: ring after ring.",
            keys: fleet::KEYS,
        },
        TableDoc {
            title: "[[fleet.target]]",
            doc: "One agent. In the fleet's own file it is `[[target]]`.",
            keys: target::KEYS,
        },
        TableDoc {
            title: "The fleet's own file",
            doc: "A list of targets at the top will do in YAML and JSON.",
            keys: fleet_file::KEYS,
        },
        TableDoc {
            title: "`observe` of a target",
            doc: "How its version is found: `command`, or `http` with one of `json` and `regex`.",
            keys: observe::KEYS,
        },
        TableDoc {
            title: "`update` of a target",
            doc: "How it is updated: `command` or `ci`. Both get `RELWF_TARGET`, `RELWF_FROM`, `RELWF_TO`, `RELWF_REVISION` and `RELWF_KEY` in the \
                  environment.",
            keys: update::KEYS,
        },
        TableDoc { title: "`ci` of `update`", doc: "The build that is triggered.", keys: update_ci::KEYS },
        TableDoc { title: "[sh]", doc: "What `sh::run` may start.", keys: sh::KEYS },
        TableDoc {
            title: "[secrets]",
            doc: "Where secrets come from: `NAME = { … }` for each, with exactly one of these keys. The secret itself never stands in \
                  relwf.toml.",
            keys: secret::KEYS,
        },
    ]);
    tables
}

/// The file as a whole.
pub(super) mod top {
    use crate::document::{Inner, Inners, OPTIONAL, keys};

    keys! {
        /// The repository.
        REPO: Inner = "repo", OPTIONAL;
        /// Where the process is published.
        PROCESS: Inner = "process", OPTIONAL;
        /// The environments, in the order of promotion.
        ENVIRONMENT: Inners = "environment", OPTIONAL;
        /// The components.
        COMPONENT: Inners = "component", OPTIONAL;
        /// The forge.
        FORGE: Inner = "forge", OPTIONAL;
        /// The CI.
        CI: Inner = "ci", OPTIONAL;
        /// Releases.
        RELEASE: Inner = "release", OPTIONAL;
        /// The fleet.
        FLEET: Inner = "fleet", OPTIONAL;
        /// Programs that workflows may start.
        SH: Inner = "sh", OPTIONAL;
        /// Secrets.
        SECRETS: Inner = "secrets", OPTIONAL;
    }
}

pub(super) mod process {
    use crate::document::{keys, or};
    use crate::model::BranchName;

    keys! {
        /// The branch whose relwf.toml, workflows and plugins every run goes by.
        BRANCH: BranchName = "branch", or("the remote's default branch");
    }
}

pub(super) mod repo {
    use crate::document::{LocatedText, keys, or};

    keys! {
        /// A URL, or a path from relwf.toml's folder.
        URL: LocatedText = "url", or("the remote of the enclosing repository: `checkout.defaultRemote`, else `origin`, else the only one");
    }
}

pub(super) mod environment {
    use crate::config::AlsoGreen;
    use crate::document::{LocatedText, OPTIONAL, OneOf, REQUIRED, UrlOrInner, keys, or};
    use crate::model::BranchName;

    keys! {
        /// Its name.
        NAME: LocatedText = "name", REQUIRED;
        /// Its branch.
        BRANCH: BranchName = "branch", REQUIRED;
        /// Its address, shown to people.
        URL: LocatedText = "url", OPTIONAL;
        /// The checks that must be green: those about tests before a commit may land here, all of them before it is a
        /// candidate for the next environment. They count beside those that the forge requires of the branch.
        CHECKS: Vec<LocatedText> = "checks", OPTIONAL;
        /// What must report on a commit that has landed here, and be green: contexts of statuses and checks, or
        /// `deployment/ENVIRONMENT` for the forge's own deployments.
        DEPLOYED_BY: Vec<LocatedText> = "deployed_by", OPTIONAL;
        /// Verdicts that count as green beside success.
        ALSO_GREEN: Vec<OneOf<AlsoGreen>> = "also_green", or("success alone is green");
        /// What is asked after a deploy, until it answers with a status of 200 to 299.
        HEALTH: UrlOrInner = "health", OPTIONAL;
    }
}

pub(super) mod health {
    use crate::document::{OPTIONAL, Pattern, REQUIRED, Url, keys};

    keys! {
        /// What is asked.
        URL: Url = "url", REQUIRED;
        /// Its first group is the id of the commit that runs there, or the beginning of the id.
        VERSION: Pattern = "version", OPTIONAL;
    }
}

pub(super) mod component {
    use crate::document::{DetectorName, Flag, REQUIRED, Url, keys, or};
    use crate::model::ComponentName;

    keys! {
        /// Its name, unique.
        NAME: ComponentName = "name", REQUIRED;
        /// How its version is found; see below.
        DETECT: DetectorName = "detect", REQUIRED;
        /// Where its repository has its pages, for links to what changed.
        REPO: Url = "repo", or("known where its name or source is on github.com, gitlab.com or codeberg.org");
        /// Lists the commits of that repository between both versions, in previews and proposals. They are read from a mirror of it, which is
        /// fetched each time, for a minute at most.
        CHANGELOG: Flag = "changelog", or("false");
    }
}

pub(super) mod forge {
    use crate::config::ForgeKind;
    use crate::document::{LocatedText, OneOf, Url, keys, or};
    use crate::model::HumanDuration;

    keys! {
        /// Which forge. With `local`, changes and verdicts live in the git repository itself.
        KIND: OneOf<ForgeKind> = "kind", or("known for github.com, gitlab.com and codeberg.org, else `local`");
        /// Its API.
        API: Url = "api", or("from the remote's host");
        /// How often it is asked for what a run waits for.
        POLL: HumanDuration = "poll", or("`5s`");
        /// How long one request may take.
        TIMEOUT: HumanDuration = "timeout", or("`1m`");
        /// What the branches begin with that changes are proposed from. It ends with `/`.
        PREFIX: LocatedText = "prefix", or("`relwf/promote/`");
    }
}

pub(super) mod ci {
    use crate::config::CiKind;
    use crate::document::{Argv, Inner, LocatedText, OPTIONAL, OneOf, Url, keys, or};
    use crate::model::HumanDuration;

    keys! {
        /// Which CI. `status`: whatever reports to the forge. `command`: a program on this machine.
        KIND: OneOf<CiKind> = "kind", or("`command` when there is a `command`, else none");
        /// Its API.
        API: Url = "api", or("from the kind");
        /// With `command`: run in a checkout of the commit; `${event}` is replaced by `pull_request`, `push`, `api` or `cron`; exit
        /// code 0 is green. It must be safe to run again.
        COMMAND: Argv = "command", OPTIONAL;
        /// With `command`: what its checkout has.
        CHECKOUT: Inner = "checkout", OPTIONAL;
        /// With `command`: the checks beside relwf's own (`relwf/pull_request`, …) for which its exit code speaks. A check that is required and
        /// not named here is another's: the landing waits for it.
        REPORTS: Vec<LocatedText<'static>> = "reports", or("none");
        /// With `command`: variables of relwf's own that it gets although their names speak of credentials (`TOKEN`, `SECRET`, `KEY`,
        /// `SSH_AUTH_SOCK`, …) or `[secrets]` names them. It runs code that has not landed: without this none of them is in its environment.
        ENV: Vec<LocatedText<'static>> = "env", or("none");
        /// How long one build may take.
        TIMEOUT: HumanDuration = "timeout", or("`1h`");
        /// With `status`: how long nothing may report on a landed commit before the run says that nothing watches it.
        SILENCE: HumanDuration = "silence", or("`1m`");
        /// With `actions`: the file in `.github/workflows` that counts.
        WORKFLOW: LocatedText = "workflow", or("all of them");
    }
}

pub(super) mod ci_checkout {
    use crate::document::{Flag, keys, or};

    keys! {
        /// Submodules with their files, fetched by `git submodule update --init --recursive`.
        SUBMODULES: Flag = "submodules", or("true");
        /// Files of Git LFS, fetched by `git lfs pull`.
        LFS: Flag = "lfs", or("false");
    }
}

pub(super) mod release {
    use crate::document::{LocatedText, REQUIRED, keys, or};
    use crate::model::BranchName;

    keys! {
        /// How the tags are called, with at least one of two placeholders: `{date}` is the day in UTC, like `2026-01-31`, `{n}` a number that
        /// grows. Without `{n}` the second release of a day gets `-2` at its end.
        TAG: LocatedText = "tag", REQUIRED;
        /// The branch whose landings are releases: that of an environment.
        BRANCH: BranchName = "branch", or("that of the last environment");
    }
}

pub(super) mod fleet {
    use crate::config::FleetReport;
    use crate::document::{Inners, LocalPath, LocatedText, OPTIONAL, OneOf, REQUIRED, keys, or};
    use crate::model::ComponentName;

    keys! {
        /// The component that runs at the customers.
        COMPONENT: ComponentName = "component", REQUIRED;
        /// What the agents report of what they run.
        REPORT: OneOf<FleetReport> = "report", or("whichever the report has the form of");
        /// The agents.
        TARGET: Inners = "target", OPTIONAL;
        /// A file with more of them: TOML, YAML, JSON or CSV, by its name. CSV has a line of names first: `id`, `ring`, `observe`,
        /// `update` and `label.NAME`.
        FILE: LocalPath = "file", OPTIONAL;
        /// Variables of relwf's own that the commands of its agents get although their names speak of credentials (`KUBECONFIG`,
        /// `AWS_SECRET_ACCESS_KEY`, `SSH_AUTH_SOCK`, …) or `[secrets]` names them.
        ENV: Vec<LocatedText<'static>> = "env", or("none");
    }
}

/// The fleet's own file.
pub(super) mod fleet_file {
    use crate::document::{Inners, REQUIRED, keys};

    keys! {
        /// The agents.
        TARGET: Inners = "target", REQUIRED;
    }
}

pub(super) mod target {
    use crate::document::{Inner, Labels, LocatedText, OPTIONAL, REQUIRED, keys};

    keys! {
        /// Its name, unique.
        ID: LocatedText = "id", REQUIRED;
        /// Its ring, like `canary`. Rings are updated in the order in which they first appear.
        RING: LocatedText = "ring", REQUIRED;
        /// What else is known of it.
        LABELS: Labels = "labels", OPTIONAL;
        /// How its version is found.
        OBSERVE: Inner = "observe", OPTIONAL;
        /// How it is updated.
        UPDATE: Inner = "update", OPTIONAL;
    }
}

pub(super) mod observe {
    use crate::document::{Argv, KeyPath, OPTIONAL, Pattern, Url, keys};

    keys! {
        /// What it prints, trimmed, is the version.
        COMMAND: Argv = "command", OPTIONAL;
        /// What is asked.
        HTTP: Url = "http", OPTIONAL;
        /// Where the version is in the answer.
        JSON: KeyPath = "json", OPTIONAL;
        /// Its first group is the version in the answer.
        REGEX: Pattern = "regex", OPTIONAL;
    }
}

pub(super) mod update {
    use crate::document::{Argv, Inner, OPTIONAL, keys};

    keys! {
        /// A program on this machine.
        COMMAND: Argv = "command", OPTIONAL;
        /// A build, asked for through the CI's API.
        CI: Inner = "ci", OPTIONAL;
    }
}

pub(super) mod update_ci {
    use crate::config::UpdateEvent;
    use crate::document::{Labels, OPTIONAL, OneOf, keys, or};

    keys! {
        /// Its event.
        EVENT: OneOf<UpdateEvent> = "event", or("`api`");
        /// Further variables.
        ENV: Labels = "env", OPTIONAL;
    }
}

pub(super) mod sh {
    use crate::document::{LocatedText, keys, or};

    keys! {
        /// Programs: the first word of what is run.
        ALLOW: Vec<LocatedText> = "allow", or("nothing");
        /// Variables of relwf's own that they get although their names speak of credentials (`TOKEN`, `SECRET`, `KEY`, `SSH_AUTH_SOCK`,
        /// …) or `[secrets]` names them.
        ENV: Vec<LocatedText<'static>> = "env", or("none");
    }
}

pub(super) mod secret {
    use crate::document::{Argv, LocalPath, LocatedText, OPTIONAL, keys};

    keys! {
        /// A variable of the environment.
        ENV: LocatedText = "env", OPTIONAL;
        /// A program; what it prints, trimmed, is the secret.
        COMMAND: Argv = "command", OPTIONAL;
        /// A file.
        FILE: LocalPath = "file", OPTIONAL;
    }
}
