//! A caller's closure, its proof and its answer, with their types erased for the worker threads.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::{Error, Proof, Tx};

/// A unit of work as the workers see it. It may be run several times and is answered once.
pub trait Unit: Send {
    /// Runs the closure and keeps its value. A panic is an error of this unit alone.
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), Error>;
    /// Whether [`Unit::prove`] can answer.
    fn has_proof(&self) -> bool;
    /// Asks whether an earlier run was committed.
    fn prove(&mut self, tx: &mut dyn Tx) -> Result<bool, Error>;
    /// Tells the caller; on `Ok` it receives the value of the last successful run.
    fn answer(self: Box<Self>, outcome: Result<(), Error>);
}

/// Where the caller waits.
pub struct Answer<T>(oneshot::Receiver<Result<T, Error>>);

impl<T> Answer<T> {
    /// The unit's outcome.
    pub async fn wait(self) -> Result<T, Error> {
        self.0
            .await
            .unwrap_or_else(|_| Err(Error::Unknown("the store stopped".to_owned())))
    }
}

struct Work<T, F> {
    run: F,
    proof: Option<Proof>,
    value: Option<T>,
    answer: oneshot::Sender<Result<T, Error>>,
}

/// A unit and the place to wait for it.
pub fn unit<T, F>(run: F, proof: Option<Proof>) -> (Box<dyn Unit>, Answer<T>)
where
    T: Send + 'static,
    F: FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
{
    let (answer, receiver) = oneshot::channel();
    (
        Box::new(Work {
            run,
            proof,
            value: None,
            answer,
        }),
        Answer(receiver),
    )
}

/// Runs `f`, turning a panic into a defect.
pub fn caught<T>(f: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Error::Internal(format!(
            "a unit panicked: {}",
            text.unwrap_or_default()
        )))
    })
}

impl<T, F> Unit for Work<T, F>
where
    T: Send,
    F: FnMut(&mut dyn Tx) -> Result<T, Error> + Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), Error> {
        self.value = Some(caught(|| (self.run)(tx))?);
        Ok(())
    }

    fn has_proof(&self) -> bool {
        self.proof.is_some()
    }

    fn prove(&mut self, tx: &mut dyn Tx) -> Result<bool, Error> {
        self.proof
            .as_mut()
            .map_or(Ok(false), |proof| caught(|| proof(tx)))
    }

    fn answer(self: Box<Self>, outcome: Result<(), Error>) {
        let Self { value, answer, .. } = *self;
        let value = outcome.and_then(|()| {
            value.ok_or_else(|| Error::Internal("a unit without a value".to_owned()))
        });
        // A caller that went away has nobody to tell; what was committed stays committed.
        let _ = answer.send(value);
    }
}
