//! The git side of a fake repository: a real bare one, served over HTTP, whose hooks protect branches as GitHub's rules do.
//!
//! What the hooks must know lies in files beside the objects: rules for a branch, green contexts for a commit, and the log of
//! what moved, which the fake reads to learn of pushes. Knows nothing of pull requests.

use crate::support::git::Repo;
use std::path::PathBuf;

pub const ZERO: &str = "0000000000000000000000000000000000000000";

/// A reference that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The commit before; zeros when it is new.
    pub old: String,
    /// The commit after; zeros when it was deleted.
    pub new: String,
    /// `refs/heads/…`
    pub name: String,
}

/// How a branch is protected.
#[derive(Debug, Clone, Default)]
pub struct Protection {
    /// Contexts that must be green on a commit before it lands, by push or by merge.
    pub required: Vec<String>,
    /// The only app whose check runs of that name count. relwf must see that before: this server lets it land.
    pub app: Option<u64>,
    /// May only pull requests change it?
    pub only_by_change: bool,
    /// Is it read-only?
    pub locked: bool,
    /// With a ruleset: the merge methods that it allows (`merge`, `squash`, `rebase`); all when empty.
    pub methods: Vec<&'static str>,
    /// How many people must approve a pull request.
    pub approvals: u64,
    /// Does a merge queue merge what is to land?
    pub queue: bool,
    /// Must its history be linear, and its commits be signed?
    pub linear: bool,
    pub signed: bool,
    /// With a ruleset: how messages of commits must begin.
    pub message: Option<&'static str>,
    /// With a ruleset: where commits must have been deployed before.
    pub deployed: Option<&'static str>,
    /// Need this server's logins not mind it, with a classic protection its administrators? relwf must see that before.
    pub bypassed: bool,
    /// A classic branch protection (`GH006`) rather than a ruleset (`GH013`)?
    pub classic: bool,
}

/// A bare repository and its moves.
pub struct Git {
    pub bare: Repo,
    read: usize,
}

const PRE_RECEIVE: &str = r#"
no=0
while read -r old new ref; do
  branch=${ref#refs/heads/}
  [ -f "fake/rules/$branch/rules" ] || continue
  kind=$(head -n 1 "fake/rules/$branch/rules")
  case $old in *[!0]*) exists=yes ;; *) exists= ;; esac
  words=
  case $new in
    *[!0]*)
      if [ -n "$exists" ] && ! git merge-base --is-ancestor "$old" "$new"; then words="Cannot force-push to this branch
"; fi
      while IFS=' ' read -r rule context; do
        case $rule in
          change) words="${words}Changes must be made through a pull request.
" ;;
          locked) words="${words}Cannot update this protected ref.
" ;;
          check) grep -qxF "$context" "fake/green/$new" 2>/dev/null ||
            words="${words}Required status check \"$context\" is expected.
" ;;
        esac
      done < "fake/rules/$branch/rules" ;;
    *) words="Cannot delete this branch
" ;;
  esac
  [ -n "$words" ] || continue
  no=1
  if [ "$kind" = GH006 ]; then
    echo "error: GH006: Protected branch update failed for $ref." >&2
    printf '%s' "$words" | sed 's/^/error: /' >&2
  else
    echo "error: GH013: Repository rule violations found for $ref." >&2
    echo "Review all repository rules at https://github.com/$(cat fake/name)/rules?ref=$(echo "$ref" | sed 's,/,%2F,g')" >&2
    printf '%s' "$words" | sed 's/^/\n- /' >&2
    echo >&2
  fi
done
exit $no"#;

impl Git {
    /// A new, empty repository.
    pub fn new(path: PathBuf, name: &str) -> Self {
        let bare = Repo::bare(path);
        for (key, value) in [
            ("http.receivepack", "true"),
            ("receive.hideRefs", "refs/pull"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("gc.auto", "0"),
        ] {
            bare.git(&["config", key, value]);
        }
        std::fs::create_dir_all(bare.path.join("fake/green")).unwrap();
        std::fs::create_dir_all(bare.path.join("fake/rules")).unwrap();
        std::fs::write(bare.path.join("fake/name"), name).unwrap();
        bare.hook("pre-receive", PRE_RECEIVE);
        bare.hook("post-receive", "cat >> fake/moves");
        Self { bare, read: 0 }
    }

    /// The moves since the last call.
    pub fn moves(&mut self) -> Vec<Moved> {
        let text = std::fs::read_to_string(self.bare.path.join("fake/moves")).unwrap_or_default();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let new = text[self.read.min(whole)..whole].lines().map(|line| {
            let words: Vec<&str> = line.splitn(3, ' ').collect();
            Moved { old: words[0].to_owned(), new: words[1].to_owned(), name: words[2].to_owned() }
        });
        let new = new.collect();
        self.read = whole;
        new
    }

    /// Moves a reference as a push would, hooks aside; false when it is not at `old` any more. Zeros delete and create.
    pub fn move_ref(&self, name: &str, old: &str, new: &str) -> bool {
        let moved = if new == ZERO {
            self.bare.try_git(&["update-ref", "-d", name, old])
        } else {
            self.bare.try_git(&["update-ref", name, new, old])
        };
        if moved.status.success() && name.starts_with("refs/heads/") {
            use std::io::Write;
            let log = self.bare.path.join("fake/moves");
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
            file.write_all(format!("{old} {new} {name}\n").as_bytes()).unwrap();
        }
        moved.status.success()
    }

    /// Runs git; its output when it succeeds.
    pub fn ask(&self, args: &[&str]) -> Option<String> {
        let output = self.bare.try_git(args);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// The commit that a name stands for: full references, branches, tags, ids.
    pub fn commit(&self, name: &str) -> Option<String> {
        if name.starts_with('-') {
            return None;
        }
        ["", "refs/heads/", "refs/tags/", "refs/"].iter().find_map(|prefix| {
            self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{prefix}{name}^{{commit}}")])
        })
    }

    pub fn branch(&self, name: &str) -> Option<String> {
        self.ask(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{name}^{{commit}}")])
    }

    pub fn is_ancestor(&self, old: &str, new: &str) -> bool {
        self.bare.try_git(&["merge-base", "--is-ancestor", old, new]).status.success()
    }

    /// The tree that merging gives, by git itself; `None` when it conflicts.
    pub fn merged_tree(&self, base: &str, head: &str) -> Option<String> {
        self.ask(&["merge-tree", "--write-tree", base, head])
    }

    /// A commit by GitHub.
    pub fn write_commit(&self, tree: &str, parents: &[&str], message: &str) -> String {
        let mut args = vec!["-c", "user.name=GitHub", "commit-tree", tree, "-m", message];
        for parent in parents {
            args.extend(["-p", *parent]);
        }
        self.bare.git(&args)
    }

    /// Another tree than that: with one file more.
    pub fn other_tree(&self, tree: &str) -> String {
        let file = self.bare.path.join("fake/more");
        std::fs::write(&file, "nobody asked for this\n").unwrap();
        let blob = self.bare.git(&["hash-object", "-w", file.to_str().unwrap()]);
        let entries = self.bare.git(&["ls-tree", tree]);
        let listing = self.bare.path.join("fake/listing");
        std::fs::write(&listing, format!("{entries}\n100644 blob {blob}\tnobody-asked-for-this\n")).unwrap();
        let output = std::process::Command::new(crate::support::git::program())
            .args(["mktree"])
            .current_dir(&self.bare.path)
            .stdin(std::fs::File::open(&listing).unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Tells the hook how a branch is protected.
    pub fn protect(&self, branch: &str, protection: Option<&Protection>) {
        let folder = self.bare.path.join("fake/rules").join(branch);
        let Some(protection) = protection else {
            let _ = std::fs::remove_file(folder.join("rules"));
            return;
        };
        std::fs::create_dir_all(&folder).unwrap();
        let mut text = String::from(if protection.classic { "GH006\n" } else { "GH013\n" });
        if protection.only_by_change {
            text.push_str("change\n");
        }
        if protection.locked {
            text.push_str("locked\n");
        }
        protection.required.iter().for_each(|context| text.push_str(&format!("check {context}\n")));
        std::fs::write(folder.join("rules"), text).unwrap();
    }

    /// Tells the hook which contexts are green on a commit.
    pub fn green(&self, commit: &str, contexts: &[String]) {
        std::fs::write(self.bare.path.join("fake/green").join(commit), contexts.join("\n") + "\n").unwrap();
    }
}
