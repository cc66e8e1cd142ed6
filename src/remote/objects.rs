//! Object stores: S3, Google Cloud Storage, Azure.
//!
//! An object has no blocks, but its version has a name, the ETag: a range is asked for with it (`If-Match`), so that no range of
//! another version is ever read. A directory is what keys have in common up to a slash; nothing can be renamed. An output is
//! therefore sent as multipart uploads, which nobody sees until they are completed:
//!
//! 1. [`put`](Output::put) sends each file in parts, four at a time.
//! 2. The [commit](Output::commit) removes an old `_SUCCESS`, completes the uploads, removes what else there was, and completes
//!    the upload of `_SUCCESS`.
//!
//! An upload that fails before the commit leaves the old output as it was. A run that is killed leaves uploads that nobody sees, but
//! pays for: a bucket's lifecycle rule removes them (`AbortIncompleteMultipartUpload`).

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Once};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::client::CredentialProvider;
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path as Key;
use object_store::{
    ClientConfigKey, Error as StoreError, GetOptions, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    RetryConfig,
};

use crate::cancel::CancelToken;
use crate::config::ExistingOutput;
use crate::error::Result;
use crate::remote::address::Address;
use crate::remote::failure::Failure;
use crate::remote::pending::{Pending, begin, retried, within};
use crate::remote::profile::Profile;
use crate::remote::store::{Entry, Found, Output, Store};

/// Time for a range or a part, and for a question.
const TRANSFER_LIMIT: Duration = Duration::from_secs(180);
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// Time for all the answers that many objects take.
const LISTING_LIMIT: Duration = Duration::from_secs(600);
/// Time for whoever gives credentials. A machine that is none of a cloud has nobody who would answer.
const CREDENTIALS_LIMIT: Duration = Duration::from_secs(5);
/// Least bytes of a part of an upload, and most parts that S3 takes.
const PART_BYTES: u64 = 8 << 20;
const MOST_PARTS: u64 = 10_000;
/// Parts that are sent at the same time.
const PARTS_AT_A_TIME: usize = 4;

/// A bucket or container.
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    /// Azure lists ETags without the quotes that they are asked for with.
    quotes_tags: bool,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.store)
    }
}

impl Objects {
    /// A store whose ETags are listed in this way.
    pub fn new(store: Arc<dyn ObjectStore>, quotes_tags: bool) -> Self {
        Objects { store, quotes_tags }
    }
}

/// Makes a bucket or container ready: finds settings and credentials in the environment, and nothing else.
///
/// # Errors
/// [`Error::Unreachable`](crate::Error::Unreachable) that names what was looked for.
pub(crate) fn connect(address: &Address) -> Result<Arc<dyn Store>> {
    use_tls();
    let store = match address.scheme() {
        "s3" | "s3a" => amazon(address),
        "gs" => google(address),
        _ => azure(address),
    };
    let store = store.map_err(|failure| failure.during("reach", address.store().as_ref()))?;
    let quotes_tags = !matches!(address.scheme(), "s3" | "s3a" | "gs");
    Ok(Arc::new(Objects::new(store, quotes_tags)))
}

/// Lets the client of the stores encrypt with ring.
fn use_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // One that is there already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn retries() -> RetryConfig {
    RetryConfig { max_retries: 4, retry_timeout: ANSWER_LIMIT, ..RetryConfig::default() }
}

/// Settings of the client, where the environment has none.
const CLIENT_SETTINGS: [(ClientConfigKey, &str); 2] =
    [(ClientConfigKey::ConnectTimeout, "5 seconds"), (ClientConfigKey::Timeout, "120 seconds")];

fn amazon(address: &Address) -> Result<Arc<dyn ObjectStore>, Failure> {
    let mut builder = AmazonS3Builder::from_env().with_url(address.store()).with_retry(retries());
    let profile = Profile::find();
    let unset = |builder: &AmazonS3Builder, key: AmazonS3ConfigKey| builder.get_config_value(&key).is_none();
    let others = [
        AmazonS3ConfigKey::AccessKeyId,
        AmazonS3ConfigKey::SecretAccessKey,
        AmazonS3ConfigKey::WebIdentityTokenFile,
        AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
        AmazonS3ConfigKey::ContainerCredentialsFullUri,
    ];
    if others.into_iter().all(|key| unset(&builder, key)) {
        for (key, name) in [
            (AmazonS3ConfigKey::AccessKeyId, "aws_access_key_id"),
            (AmazonS3ConfigKey::SecretAccessKey, "aws_secret_access_key"),
            (AmazonS3ConfigKey::Token, "aws_session_token"),
        ] {
            if let Some(value) = profile.get(name) {
                builder = builder.with_config(key, value);
            }
        }
    }
    for (key, name) in [(AmazonS3ConfigKey::Region, "region"), (AmazonS3ConfigKey::Endpoint, "endpoint_url")] {
        let is_set = !unset(&builder, key) || (name == "region" && !unset(&builder, AmazonS3ConfigKey::DefaultRegion));
        if let (Some(value), false) = (profile.get(name), is_set) {
            builder = builder.with_config(key, value);
        }
    }
    // Whoever names an address without TLS wants it so.
    if builder.get_config_value(&AmazonS3ConfigKey::Endpoint).is_some_and(|url| url.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    for (key, value) in CLIENT_SETTINGS {
        if unset(&builder, AmazonS3ConfigKey::Client(key)) {
            builder = builder.with_config(AmazonS3ConfigKey::Client(key), value);
        }
    }
    let is_anonymous = builder.get_config_value(&AmazonS3ConfigKey::SkipSignature).is_some_and(|value| value == "true");
    let store = builder.build().map_err(|error| Failure::Refused(words(&error)))?;
    if !is_anonymous {
        let advice = format!(
            "looked for AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, {}, AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN, \
             AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, and the metadata of an EC2 instance; set one of them (of a login by SSO, \
             `aws configure export-credentials --format env` does), or AWS_SKIP_SIGNATURE=true for a public bucket",
            profile.description()
        );
        check_credentials(store.credentials().clone(), advice)?;
    }
    Ok(Arc::new(store))
}

fn google(address: &Address) -> Result<Arc<dyn ObjectStore>, Failure> {
    let mut builder = GoogleCloudStorageBuilder::from_env().with_url(address.store()).with_retry(retries());
    for (key, value) in CLIENT_SETTINGS {
        if builder.get_config_value(&GoogleConfigKey::Client(key)).is_none() {
            builder = builder.with_config(GoogleConfigKey::Client(key), value);
        }
    }
    let is_anonymous = builder.get_config_value(&GoogleConfigKey::SkipSignature).is_some_and(|value| value == "true");
    let store = builder.build().map_err(|error| Failure::Refused(words(&error)))?;
    if !is_anonymous {
        let advice = "looked for GOOGLE_SERVICE_ACCOUNT, GOOGLE_SERVICE_ACCOUNT_KEY, GOOGLE_APPLICATION_CREDENTIALS, \
                      ~/.config/gcloud/application_default_credentials.json (which `gcloud auth application-default login` \
                      writes), and the metadata of a Compute Engine instance; GOOGLE_SKIP_SIGNATURE=true is for a public \
                      bucket";
        check_credentials(store.credentials().clone(), advice.to_owned())?;
    }
    Ok(Arc::new(store))
}

fn azure(address: &Address) -> Result<Arc<dyn ObjectStore>, Failure> {
    let mut builder = MicrosoftAzureBuilder::from_env().with_url(address.store()).with_retry(retries());
    for (key, value) in CLIENT_SETTINGS {
        if builder.get_config_value(&AzureConfigKey::Client(key)).is_none() {
            builder = builder.with_config(AzureConfigKey::Client(key), value);
        }
    }
    let is_anonymous = builder.get_config_value(&AzureConfigKey::SkipSignature).is_some_and(|value| value == "true");
    let store = builder.build().map_err(|error| {
        Failure::Refused(format!("{}; the account is named by AZURE_STORAGE_ACCOUNT_NAME", words(&error)))
    })?;
    if !is_anonymous {
        let advice = "looked for AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_KEY, AZURE_STORAGE_CLIENT_ID with \
                      AZURE_STORAGE_CLIENT_SECRET and AZURE_STORAGE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE, \
                      AZURE_USE_AZURE_CLI=true, and the metadata of an instance; AZURE_SKIP_SIGNATURE=true is for a public \
                      container";
        check_credentials(store.credentials().clone(), advice.to_owned())?;
    }
    Ok(Arc::new(store))
}

/// Asks for credentials, once.
fn check_credentials<C: Send + Sync + 'static>(
    provider: Arc<dyn CredentialProvider<Credential = C>>,
    advice: String,
) -> Result<(), Failure> {
    let asked = begin(within(CREDENTIALS_LIMIT, async move {
        provider.get_credential().await.map(drop).map_err(|error| Failure::Refused(words(&error)))
    }));
    asked.wait(&CancelToken::default()).map_err(|failure| {
        Failure::Refused(format!("there are no credentials: {advice} (the last one looked for: {failure})"))
    })
}

/// An error of a store in a few words: those of the server, where it answered.
fn words(error: &StoreError) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let (all, deepest) = (error.to_string(), deepest.to_string());
    let element = |name: &str| {
        let (_, rest) = all.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    };
    match (element("Code"), element("Message")) {
        (Some(code), Some(message)) => format!("{message} ({code})"),
        (Some(code), None) => code,
        _ => {
            let line = deepest.lines().next().unwrap_or_default().trim_end_matches([':', ' ']);
            line.trim_start_matches("Server returned non-2xx status code: ").to_owned()
        }
    }
}

fn failure(error: &StoreError) -> Failure {
    let words = words(error);
    match error {
        StoreError::NotFound { .. } if words.contains("NoSuchBucket") => Failure::Refused(words),
        StoreError::NotFound { .. } => Failure::Missing,
        StoreError::Precondition { .. } => Failure::Changed("another version has taken its place".into()),
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => Failure::Refused(format!(
            "the store does not let these credentials do it ({words}); check whose they are, and what they are allowed"
        )),
        StoreError::Generic { .. } => {
            let all = error.to_string();
            let is_final = all.contains("status code: 4") || all.contains("without LOCATION");
            match is_final {
                true if all.contains("without LOCATION") => {
                    Failure::Refused("the bucket is in another region; set AWS_REGION".into())
                }
                true => Failure::Refused(words),
                false if all.contains("onnect") || all.contains("dns") => Failure::Passing(format!(
                    "the store cannot be reached ({words}); check its address and the network"
                )),
                false => Failure::Passing(words),
            }
        }
        _ => Failure::Refused(words),
    }
}

fn key(path: &str) -> Result<Key, Failure> {
    Key::parse(path).map_err(|error| Failure::Refused(format!("it is no name of an object: {error}")))
}

impl Entry {
    fn of(meta: ObjectMeta) -> Self {
        Entry {
            path: meta.location.as_ref().to_owned(),
            bytes: meta.size,
            modified_ms: meta.last_modified.timestamp_millis(),
            tag: meta.e_tag,
            block_bytes: None,
        }
    }

    /// Its ETag, if that names its bytes: a weak one is of all that are as good.
    fn strong_tag(&self) -> Option<&str> {
        self.tag.as_deref().filter(|tag| !tag.starts_with("W/"))
    }
}

async fn find(store: &dyn ObjectStore, path: &str) -> Result<Found, Failure> {
    if !path.is_empty() {
        let key = key(path)?;
        let head = within(ANSWER_LIMIT, async { store.head(&key).await.map_err(|error| failure(&error)) });
        match head.await {
            Ok(meta) => return Ok(Found::File(Entry::of(meta))),
            Err(Failure::Missing) => {}
            Err(failure) => return Err(failure),
        }
    }
    let below = (!path.is_empty()).then(|| key(path)).transpose()?;
    let listed: Result<Vec<ObjectMeta>, _> = store.list(below.as_ref()).try_collect().await;
    let entries: Vec<Entry> = match listed {
        Ok(listed) => listed.into_iter().map(Entry::of).collect(),
        Err(error @ StoreError::NotFound { .. }) => {
            return Err(Failure::Refused(format!("there is no such bucket: {}", words(&error))));
        }
        Err(error) => return Err(failure(&error)),
    };
    Ok(if entries.is_empty() { Found::Nothing } else { Found::Directory(entries) })
}

async fn read(store: &dyn ObjectStore, file: &Entry, quoted: bool, range: Range<u64>) -> Result<Vec<u8>, Failure> {
    let (bytes, mut options) = (range.end - range.start, GetOptions::new().with_range(Some(range)));
    let tag = file.strong_tag().map(|tag| match quoted && !tag.starts_with('"') {
        true => format!("\"{tag}\""),
        false => tag.to_owned(),
    });
    options = options.with_if_match(tag);
    let answer = store.get_opts(&key(&file.path)?, options).await.map_err(|error| match failure(&error) {
        Failure::Missing => Failure::Changed("it is not there any more".into()),
        failure => failure,
    })?;
    if answer.meta.size != file.bytes {
        file.compare(&Entry::of(answer.meta.clone()))?;
    }
    let (mut all, mut parts) = (Vec::with_capacity(bytes as usize), answer.into_stream());
    while let Some(part) = parts.next().await {
        all.extend_from_slice(&part.map_err(|error| failure(&error))?);
    }
    match all.len() as u64 == bytes {
        true => Ok(all),
        false => Err(Failure::Passing(format!("{} bytes came instead of {bytes}", all.len()))),
    }
}

impl Store for Objects {
    fn find(&self, path: &str) -> Pending<Found> {
        let (store, path) = (self.store.clone(), path.to_owned());
        begin(async move { retried(|| within(LISTING_LIMIT, find(&*store, &path))).await })
    }

    fn read(&self, file: &Arc<Entry>, range: Range<u64>) -> Pending<Vec<u8>> {
        let (store, file, quoted) = (self.store.clone(), file.clone(), self.quotes_tags);
        begin(async move { retried(|| within(TRANSFER_LIMIT, read(&*store, &file, quoted, range.clone()))).await })
    }

    fn knows_versions(&self, file: &Entry) -> bool {
        // Nothing is read of an empty one.
        file.strong_tag().is_some() && file.bytes > 0
    }

    fn check(&self, file: &Arc<Entry>) -> Pending<()> {
        let (store, file) = (self.store.clone(), file.clone());
        let check = async move || -> Result<(), Failure> {
            let now = store.head(&key(&file.path)?).await.map_err(|error| failure(&error))?;
            let mut now = Entry::of(now);
            // A listing may state quotes and milliseconds otherwise than an answer does.
            let bare = |tag: &str| tag.trim_matches('"').to_owned();
            if now.tag.as_deref().map(bare) == file.tag.as_deref().map(bare) {
                now.tag.clone_from(&file.tag);
            }
            if now.modified_ms / 1000 == file.modified_ms / 1000 {
                now.modified_ms = file.modified_ms;
            }
            file.compare(&now)
        };
        begin(async move { retried(|| within(ANSWER_LIMIT, check())).await })
    }

    fn begin_output(&self, dir: &str, _cancel: &CancelToken) -> Result<Box<dyn Output>, Failure> {
        let store = self.store.clone();
        Ok(Box::new(Uploads { store, dir: dir.to_owned(), uploads: Vec::new(), shown: Vec::new() }))
    }
}

/// Files that are sent, and not yet to be seen.
#[derive(Debug)]
struct Uploads {
    store: Arc<dyn ObjectStore>,
    dir: String,
    uploads: Vec<(Key, Box<dyn MultipartUpload>)>,
    /// Those that can be seen, until all can.
    shown: Vec<Key>,
}

impl Uploads {
    /// Waits for a request.
    fn ask<T: Send + 'static>(
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
        cancel: &CancelToken,
    ) -> Result<T, Failure> {
        begin(within(ANSWER_LIMIT, async move { work.await.map_err(|error| failure(&error)) })).wait(cancel)
    }

    fn remove(&self, key: &Key, cancel: &CancelToken) -> Result<(), Failure> {
        let (store, key) = (self.store.clone(), key.clone());
        match Self::ask(async move { store.delete(&key).await }, cancel) {
            Err(Failure::Missing) => Ok(()),
            outcome => outcome,
        }
    }

    /// The keys of what is there.
    fn present(&self, cancel: &CancelToken) -> Result<Vec<Key>, Failure> {
        let (store, dir) = (self.store.clone(), self.dir.clone());
        let found = begin(async move { retried(|| within(LISTING_LIMIT, find(&*store, &dir))).await }).wait(cancel)?;
        match found {
            Found::Nothing => Ok(Vec::new()),
            Found::File(entry) => Ok(vec![key(&entry.path)?]),
            Found::Directory(entries) => entries.iter().map(|entry| key(&entry.path)).collect(),
        }
    }

    fn complete_first(&mut self, cancel: &CancelToken) -> Result<(), Failure> {
        let (key, mut upload) = self.uploads.remove(0);
        // If its answer is lost, it may be there all the same.
        self.shown.push(key);
        Self::ask(async move { upload.complete().await.map(drop) }, cancel)
    }
}

fn local(error: &io::Error) -> Failure {
    Failure::Refused(format!("the part on this machine cannot be read: {error}"))
}

impl Output for Uploads {
    fn put(&mut self, name: &str, file: &std::path::Path, cancel: &CancelToken) -> Result<(), Failure> {
        let key = key(format!("{}/{name}", self.dir).trim_start_matches('/'))?;
        let mut file = File::open(file).map_err(|error| local(&error))?;
        let bytes = file.metadata().map_err(|error| local(&error))?.len();
        let part_bytes = PART_BYTES.max(bytes.div_ceil(MOST_PARTS)) as usize;
        let (store, at) = (self.store.clone(), key.clone());
        let upload = Self::ask(async move { store.put_multipart(&at).await }, cancel)?;
        self.uploads.push((key, upload));
        let (_, upload) = self.uploads.last_mut().expect("it was just added");
        let mut under_way: VecDeque<Pending<()>> = VecDeque::new();
        loop {
            let mut part = Vec::with_capacity(part_bytes);
            (&mut file).take(part_bytes as u64).read_to_end(&mut part).map_err(|error| local(&error))?;
            if part.is_empty() {
                break;
            }
            if under_way.len() == PARTS_AT_A_TIME {
                under_way.pop_front().expect("there are some").wait(cancel)?;
            }
            let sent = upload.put_part(part.into());
            under_way
                .push_back(begin(within(TRANSFER_LIMIT, async move { sent.await.map_err(|error| failure(&error)) })));
        }
        under_way.into_iter().try_for_each(|part| part.wait(cancel))
    }

    fn commit(mut self: Box<Self>, existing: ExistingOutput, cancel: &CancelToken) -> Result<(), Failure> {
        let present = self.present(cancel)?;
        if !present.is_empty() && existing == ExistingOutput::Refuse {
            return Err(Failure::Refused("it exists by now, made by someone else".into()));
        }
        let success = |key: &Key| key.filename() == Some("_SUCCESS");
        present.iter().filter(|key| success(key)).try_for_each(|key| self.remove(key, cancel))?;
        while self.uploads.len() > 1 {
            self.complete_first(cancel)?;
        }
        let new: HashSet<Key> = self.shown.iter().chain(self.uploads.iter().map(|(key, _)| key)).cloned().collect();
        let old = present.iter().filter(|key| !new.contains(*key) && !success(key));
        old.into_iter().try_for_each(|key| self.remove(key, cancel))?;
        if !self.uploads.is_empty() {
            self.complete_first(cancel)?;
        }
        self.shown.clear();
        Ok(())
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        // What fails here is not the error to tell.
        let cancel = CancelToken::default();
        for (_, mut upload) in std::mem::take(&mut self.uploads) {
            let _ = Self::ask(async move { upload.abort().await }, &cancel);
        }
        for key in std::mem::take(&mut self.shown) {
            let _ = self.remove(&key, &cancel);
        }
    }
}
