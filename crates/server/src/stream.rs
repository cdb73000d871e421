//! A connection's stream that gives up on silence: no first byte, or an answer that nobody reads.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes that must go out in one `write_timeout` once writing has had to wait.
const MIN_PROGRESS: usize = 64 << 10;

/// Limits on how long the other side may say or take nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silence {
    /// Until the first byte of the first request.
    pub(crate) first_byte: Duration,
    /// Until some of a waiting answer has been taken.
    pub(crate) write: Duration,
}

/// The stream with its running limits.
pub(crate) struct Watched<S> {
    inner: S,
    first_byte: Option<Pin<Box<Sleep>>>,
    write_limit: Duration,
    writing: Option<Pin<Box<Sleep>>>,
    progress: usize,
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S, silence: Silence) -> Self {
        Self {
            inner,
            first_byte: Some(Box::pin(sleep(silence.first_byte))),
            write_limit: silence.write,
            writing: None,
            progress: 0,
        }
    }

    /// What writing gave: progress counts, waiting is limited.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(Ok(done)) => {
                self.progress += bytes(&done);
                if self.progress >= MIN_PROGRESS {
                    self.writing = None;
                }
                Poll::Ready(Ok(done))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if self.writing.is_none() {
                    self.progress = 0;
                }
                let limit = self.write_limit;
                let writing = self.writing.get_or_insert_with(|| Box::pin(sleep(limit)));
                writing.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.first_byte = None;
            // A request comes, so the answer before it has been taken.
            self.writing = None;
        }
        match (&read, &mut self.first_byte) {
            (Poll::Pending, Some(limit)) => {
                limit.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
            _ => read,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watch(context, written, |count| *count)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watch(context, written, |count| *count)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        // All is out: the next wait starts a limit of its own.
        self.watch(context, flushed, |()| MIN_PROGRESS)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.inner).poll_shutdown(context);
        self.watch(context, closed, |()| MIN_PROGRESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::Instant;

    fn silence(milliseconds: u64) -> Silence {
        let limit = Duration::from_millis(milliseconds);
        Silence { first_byte: limit, write: limit }
    }

    #[tokio::test(start_paused = true)]
    async fn b8_an_answer_that_nobody_reads_is_given_up() {
        let (_unread, stream) = duplex(1024);
        let started = Instant::now();
        let written = Watched::new(stream, silence(30_000)).write_all(&[0; 1 << 20]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn b8_an_answer_that_is_read_a_little_at_a_time_is_given_up_too() {
        let (mut reader, stream) = duplex(1024);
        let reading = tokio::spawn(async move {
            let mut some = [0; 100];
            while reader.read(&mut some).await.is_ok_and(|count| count > 0) {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let written = Watched::new(stream, silence(30_000)).write_all(&[0; 1 << 20]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        reading.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_read_with_some_speed_is_written_to_its_end() {
        let (mut reader, stream) = duplex(64 << 10);
        let reading = tokio::spawn(async move {
            let mut some = vec![0; 64 << 10];
            let mut all = 0;
            while let Ok(count @ 1..) = reader.read(&mut some).await {
                all += count;
                sleep(Duration::from_secs(10)).await;
            }
            all
        });
        let mut stream = Watched::new(stream, silence(30_000));
        stream.write_all(&[0; 1 << 20]).await.unwrap();
        drop(stream);
        assert_eq!(reading.await.unwrap(), 1 << 20);
    }

    #[tokio::test(start_paused = true)]
    async fn b2_the_first_byte_has_its_time_and_the_next_has_not() {
        let (mut caller, stream) = duplex(1024);
        let mut stream = Watched::new(stream, silence(10_000));
        let mut byte = [0];
        let silent = stream.read(&mut byte).await;
        assert_eq!(silent.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let (mut late, stream) = duplex(1024);
        let mut stream = Watched::new(stream, silence(10_000));
        late.write_all(b"G").await.unwrap();
        stream.read_exact(&mut byte).await.unwrap();
        let writing = tokio::spawn(async move {
            sleep(Duration::from_secs(20)).await;
            late.write_all(b"E").await.unwrap();
        });
        stream.read_exact(&mut byte).await.unwrap();
        writing.await.unwrap();
        drop(caller.shutdown().await);
    }
}
