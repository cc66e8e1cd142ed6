"""CountVectorizer and MultinomialNB."""

import os

import reading
from program import run
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB


def lines(source):
    labelled = [line.removesuffix("\r").partition("\t") for line in reading.lines_of_characters(source)]
    labels, texts = zip(*((label, text) for label, tab, text in labelled if tab))
    words = CountVectorizer(lowercase=False, token_pattern=r"[^ \t\r\f]+")
    fitted = MultinomialNB(alpha=float(os.environ["ALPHA"])).fit(words.fit_transform(texts), labels)
    vocabulary = ["", *words.get_feature_names_out().tolist()]
    for label, share, shares in zip(fitted.classes_, fitted.class_log_prior_, fitted.feature_log_prob_):
        for word, logarithm in zip(vocabulary, [float(share), *shares.tolist()]):
            yield f"{label}\t{word}\t{logarithm!r}\n".encode(reading.ENCODING)


run(lines)
