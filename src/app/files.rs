//! The files of one commit of a mirror, as the component detectors want them.

use crate::components::{Files, History};
use crate::git::{LogRange, Mirror};
use crate::model::{CommitId, Failure};

/// The files of one commit.
pub struct CommitFiles<'a> {
    /// Where it is.
    pub mirror: &'a Mirror,
    /// Which one.
    pub commit: CommitId,
}

impl Files for CommitFiles<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.mirror.read(self.commit, path)?)
    }

    fn list(&self) -> Result<Vec<(String, String)>, Failure> {
        Ok(self.mirror.list(self.commit)?.into_iter().map(|(path, id)| (path, id.to_string())).collect())
    }

    fn commit(&self) -> String {
        self.commit.to_string()
    }
}

/// The commits that the head has and the base lacks.
pub struct Between<'a> {
    /// Where they are.
    pub mirror: &'a Mirror,
    /// The older end.
    pub base: CommitId,
    /// The newer end.
    pub head: CommitId,
    /// How many there are, where somebody has counted already: in a long history that takes its time.
    pub counted: Option<u64>,
}

impl History for Between<'_> {
    fn commits(&self) -> Result<u64, Failure> {
        if let Some(count) = self.counted {
            return Ok(count);
        }
        let range = LogRange { from: self.head, not: vec![self.base], first_parent: false, limit: None };
        Ok(self.mirror.count(&range)?)
    }
}
