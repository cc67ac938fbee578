//! The tasks of a running server: the one place that starts them, so that shutdown tells them all
//! to end and waits until they have.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

/// Starts tasks and is shared by those that start others.
#[derive(Clone)]
pub struct Tasks {
    stop: Stop,
    running: mpsc::Sender<()>,
}

/// Tells a task that the server is ending.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Held by the server: ends the tasks.
pub struct Ender {
    stop: watch::Sender<bool>,
    tasks: Tasks,
    ended: mpsc::Receiver<()>,
}

impl Tasks {
    /// A set without tasks, and what ends it.
    #[must_use]
    pub fn new() -> (Self, Ender) {
        let (stop, stopped) = watch::channel(false);
        let (running, ended) = mpsc::channel(1);
        let tasks = Self {
            stop: Stop(stopped),
            running,
        };
        (tasks.clone(), Ender { stop, tasks, ended })
    }

    /// Starts a task that is waited for at shutdown.
    #[expect(clippy::disallowed_methods, reason = "this is the task set itself")]
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let running = self.running.clone();
        tokio::spawn(async move {
            task.await;
            drop(running);
        });
    }

    /// Tells of the end.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(async move {
            let _ = task.await;
        });
    }
}

impl Stop {
    /// Whether the server is ending.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the end.
    pub async fn wait(&mut self) {
        // An ender that is gone means the end too.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }

    /// Waits for `pause` or the end, whichever comes first; false at the end.
    pub async fn pause(&mut self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.wait()).await.is_err()
    }
}

impl Ender {
    /// Tells every task to end and waits for them, for at most `grace`; false when some did not.
    pub async fn end(self, grace: Duration) -> bool {
        let Self {
            stop,
            tasks,
            mut ended,
        } = self;
        stop.send_replace(true);
        drop(tasks);
        tokio::time::timeout(grace, ended.recv()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_a_task_that_finishes_its_work_first() {
        let (tasks, ender) = Tasks::new();
        let done = Arc::new(AtomicBool::new(false));
        let (mut stop, seen) = (tasks.stop(), Arc::clone(&done));
        tasks.spawn(async move {
            stop.wait().await;
            tokio::task::yield_now().await;
            seen.store(true, Ordering::SeqCst);
        });
        drop(tasks);
        assert!(ender.end(Duration::from_secs(60)).await);
        assert!(done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn the_end_does_not_wait_for_ever() {
        let (tasks, ender) = Tasks::new();
        tasks.spawn(std::future::pending());
        drop(tasks);
        assert!(!ender.end(Duration::ZERO).await);
    }
}
