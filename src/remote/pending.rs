//! The one place where work goes on in the background: the threads of the runtime, and what is waited for.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::remote::failure::Failure;

/// Time between two looks at the token.
const BETWEEN_CHECKS: Duration = Duration::from_millis(50);

/// Something that is under way. If nobody waits for it, it comes to its end and is forgotten.
#[derive(Debug)]
pub(crate) struct Pending<T>(Receiver<Result<T, Failure>>);

impl<T> Pending<T> {
    /// Something that is there already.
    pub fn done(outcome: Result<T, Failure>) -> Self {
        let (send, receive) = sync_channel(1);
        send.send(outcome).expect("there is room for one");
        Pending(receive)
    }

    /// Waits until it is there.
    ///
    /// # Errors
    /// [`Failure::Cancelled`], and its own.
    pub fn wait(self, cancel: &CancelToken) -> Result<T, Failure> {
        loop {
            match self.0.recv_timeout(BETWEEN_CHECKS) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Passing("the client of the store panicked".into()));
                }
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => return Err(Failure::Cancelled),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

#[cfg(any(feature = "hdfs", all(test, feature = "object-store")))]
pub(super) use background::runtime;
#[cfg(any(feature = "hdfs", feature = "object-store"))]
pub(super) use background::{begin, retried, within};

#[cfg(any(feature = "hdfs", feature = "object-store"))]
mod background {
    use std::future::Future;
    use std::sync::OnceLock;
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use tokio::runtime::{Builder, Runtime};
    use tokio::sync::Semaphore;

    use super::Pending;
    use crate::remote::failure::Failure;

    /// Threads that move bytes between sockets and buffers, and decrypt them.
    const THREADS: usize = 2;
    /// Requests at a time; the others wait for their turn, since each has a connection.
    static TURNS: Semaphore = Semaphore::const_new(32);
    /// Attempts at what may pass, and the pause before the second one. Each pause is four times the one before.
    const ATTEMPTS: u32 = 4;
    const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 200 });

    /// The runtime, which lives as long as the process.
    ///
    /// # Errors
    /// [`Failure::Refused`] where the system refuses its threads.
    pub fn runtime() -> Result<&'static Runtime, Failure> {
        static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
        let build = || {
            let runtime =
                Builder::new_multi_thread().worker_threads(THREADS).thread_name("remote").enable_all().build();
            runtime.map_err(|error| format!("the system refuses the threads that read it: {error}"))
        };
        RUNTIME.get_or_init(build).as_ref().map_err(|why| Failure::Refused(why.clone()))
    }

    /// Begins work in the background.
    pub fn begin<T: Send + 'static>(work: impl Future<Output = Result<T, Failure>> + Send + 'static) -> Pending<T> {
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(failure) => return Pending::done(Err(failure)),
        };
        let (send, receive) = sync_channel(1);
        runtime.spawn(async move {
            let _turn = TURNS.acquire().await;
            // Nobody may wait for it any more.
            let _ = send.send(work.await);
        });
        Pending(receive)
    }

    /// The outcome of work that may take so long.
    ///
    /// # Errors
    /// [`Failure::Passing`] where it takes longer, and its own.
    pub async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let late = || Failure::Passing(format!("there was no answer within {} s", limit.as_secs()));
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
    }

    /// Does something again while it fails with what may pass, four times at most, with growing pauses.
    ///
    /// # Errors
    /// Those of the last attempt.
    pub async fn retried<T, F: Future<Output = Result<T, Failure>>>(
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, Failure> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match attempt().await {
                Err(Failure::Passing(_)) => tokio::time::sleep(pause).await,
                outcome => return outcome,
            }
            pause *= 4;
        }
        attempt().await
    }
}
