"""Downloads of files whose size and hash are known, for Tools/fetch-mnist and fetch-conformance.

A download goes to NAME.part, goes on where it was cut off, and gets its name only when its hash is
right, so that a folder never holds half a file under its name.
"""

import hashlib
import http.client
import os
import pathlib
import sys
import urllib.error
import urllib.request


class Failure(Exception):
    """A sentence for the user, and the exit status."""

    def __init__(self, status, words):
        super().__init__(words)
        self.status = status


# By the length of a digest in hexadecimal.
KINDS = {32: "MD5", 64: "SHA-256"}


def kind(digest):
    return KINDS[len(digest)]


def digest_of(path, like):
    """A file's digest of the kind that another has."""
    result = hashlib.new(kind(like).replace("-", "").lower())
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            result.update(block)
    return result.hexdigest()


def is_whole(path, byte_count, digest):
    return (os.path.isfile(path) and os.path.getsize(path) == byte_count
            and digest_of(path, digest) == digest)


def url_of(mirror):
    """A folder's URL without the last slash; a path becomes one."""
    if "://" not in mirror:
        mirror = pathlib.Path(mirror).expanduser().resolve().as_uri()
    return mirror.rstrip("/")


def opened(url, have, hint):
    """The response from byte `have` on, and whether it is: servers may send the whole."""
    try:
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        response = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        status = 66 if error.code in (404, 410) else 74
        raise Failure(status, f"{url}: {error}; {hint}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        is_missing = isinstance(reason, FileNotFoundError) or "No such file" in str(reason)
        raise Failure(66 if is_missing else 74, f"{url}: {error}; {hint}") from error
    # 206 is the rest of the file; any other answer is the whole of it.
    return response, have > 0 and response.status == 206


def download(url, part, byte_count, hint):
    """Fetches url into part, from where part ends; never keeps more than byte_count bytes."""
    have = os.path.getsize(part) if os.path.exists(part) else 0
    if have >= byte_count:
        os.remove(part)
        have = 0
    response, resumes = opened(url, have, hint)
    with response:
        done = have if resumes else 0
        with open(part, "ab" if resumes else "wb") as file:
            while True:
                try:
                    block = response.read(1 << 16)
                except (OSError, http.client.HTTPException) as error:
                    raise Failure(74, f"{url}: {error}; run again to go on") from error
                if not block:
                    break
                done += len(block)
                if done > byte_count:
                    break
                file.write(block)
                if sys.stderr.isatty():
                    print(f"\r  {done * 100 // byte_count:3d} %", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r       \r", end="", file=sys.stderr)
    if done < byte_count:
        raise Failure(74, f"{url}: cut off after {done} of {byte_count} bytes; run again to go on")
    return resumes


def fetch(url, path, byte_count, digest, hint):
    """Brings a file to its place and says so; nothing is done where it is there and whole."""
    path = str(path)
    name = os.path.basename(path)
    if is_whole(path, byte_count, digest):
        print(f"{name}: already here")
        return
    part = path + ".part"
    resumed = download(url, part, byte_count, hint)
    if resumed and not is_whole(part, byte_count, digest):
        # The beginning may be of another file: once more, from the start.
        os.remove(part)
        download(url, part, byte_count, hint)
    if not is_whole(part, byte_count, digest):
        found = digest_of(part, digest)
        os.remove(part)
        raise Failure(
            65, f"{url}: {kind(digest)} is {found} and should be {digest}; try another mirror")
    os.replace(part, path)
    print(f"{name}: fetched, {kind(digest)} right")


def run(parser, work, folder="folder"):
    """Parses, works, and ends the program with a sentence and a status when something fails."""
    try:
        options = parser.parse_args()
    except SystemExit as end:
        sys.exit(64 if end.code else 0)
    try:
        work(options)
    except Failure as failure:
        print(f"{parser.prog}: {failure}", file=sys.stderr)
        sys.exit(failure.status)
    except OSError as error:
        print(f"{parser.prog}: {error.filename or getattr(options, folder)}: {error.strerror}",
              file=sys.stderr)
        sys.exit(73)
