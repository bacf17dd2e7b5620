//! Does the Actions workflow that is dispatched show relwf's keys? Where it does not, a build whose start is uncertain cannot be found
//! again: <https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#run-name>.

use super::project::Project;
use crate::config::CiKind;
use crate::git::Mirror;
use crate::model::{Failure, FailureKind};

/// The input that carries the key of a dispatch.
const INPUT: &str = "inputs.relwf_key";

/// What is to be said of the workflow in `[ci]`; `None` where it shows keys, or there is none to look at.
///
/// # Errors
///
/// The mirror cannot be read.
pub fn run_name_finding(project: &Project, mirror: &Mirror) -> Result<Option<Failure>, Failure> {
    let ci = &project.config.ci;
    let (Some(CiKind::Actions), Some(workflow)) = (ci.kind(), &ci.workflow) else { return Ok(None) };
    let Some(branch) = mirror.default_branch()? else { return Ok(None) };
    let Some(tip) = mirror.branch(&branch)? else { return Ok(None) };
    let path = format!(".github/workflows/{workflow}");
    let Some(bytes) = mirror.read(mirror.tree(tip)?, &path)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    // A key at the top, and what is indented below it.
    let name = text.lines().skip_while(|line| !line.starts_with("run-name:")).enumerate();
    let shows =
        name.take_while(|(at, line)| *at == 0 || line.starts_with([' ', '\t'])).any(|(_, line)| line.contains(INPUT));
    Ok((!shows).then(|| {
        Failure::new(
            FailureKind::Config,
            format!(
                "`{path}` does not show the key of a dispatch: a build whose start is uncertain cannot be found again"
            ),
        )
        .hint(format!("add the line `run-name: ${{{{ {INPUT} }}}}`; runs that relwf did not ask for keep their names"))
    }))
}
