//! Files that lie in HDFS or in an object store, read by ranges and written as a whole.
//!
//! ```text
//! hdfs://namenode/logs ─▶ address ─▶ stores ─▶ hdfs     (feature `hdfs`)           input: a file's listing has its
//! s3://bucket/logs                   │     └─▶ objects  (feature `object-store`)         RemoteFile; opened, a Reader
//!                                    ▼
//!                     find: the files at and below a path, each an Entry
//!                     read: a range of a file, Pending until it is there ◀── Reader: the next ranges are always under way
//!                     begin_output: parts that nobody sees before the commit
//! ```
//!
//! 1. An [`Address`] names a store and a path in it; [`stores::at`] connects to it, once a process.
//! 2. A [`Store`](store::Store) answers with what is [`Pending`](pending::Pending): its work is done by the threads of one
//!    runtime, so that whoever waits may be cancelled. Nothing outside [`pending`] and the two stores knows of futures.
//! 3. A [`RemoteFile`] is a file as it was found, by this process or [by another](RemoteFile::as_found). Each of its bytes is of
//!    the version that was found, or the read fails with [`Failure::Changed`].
//! 4. A [`Reader`] reads a piece of it, from front to end with [ranges ahead](reader), so that a task waits for the first
//!    range only: 1 MiB, then 2, then 4, four at a time. It holds 20 MiB at most.
//! 5. What may pass, such as a connection that breaks, is tried again with growing pauses ([`pending`]).
//!
//! Another store is one more implementation of [`Store`](store::Store), and a scheme in [`address`].

// Without a store nothing is read.
#![cfg_attr(not(any(feature = "hdfs", feature = "object-store")), allow(dead_code))]

mod address;
mod copies;
mod failure;
mod file;
#[cfg(feature = "hdfs")]
pub(crate) mod hdfs;
#[cfg(feature = "object-store")]
mod objects;
mod pending;
#[cfg(feature = "object-store")]
mod profile;
mod reader;
mod store;
mod stores;
#[cfg(all(test, feature = "object-store"))]
mod tests;

pub(crate) use address::Address;
pub(crate) use copies::Copies;
pub(crate) use failure::Failure;
pub(crate) use file::RemoteFile;
pub(crate) use reader::Reader;
pub(crate) use store::Entry;
#[cfg(feature = "cli")]
pub(crate) use store::{Found, Output};
#[cfg(feature = "cli")]
pub(crate) use stores::at;
#[cfg(all(test, feature = "object-store"))]
pub(crate) use {objects::Objects, stores::put_in_place};
