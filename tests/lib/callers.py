"""A client of Google's for Python, and what it is to say."""

BY_STATUS = {"AlreadyExists": "Conflict", "FailedPrecondition": "BadRequest", "InvalidArgument": "BadRequest",
             "PermissionDenied": "Forbidden", "ResourceExhausted": "TooManyRequests"}


class Caller:
    """One client, and what it is to say."""

    def __init__(self, suite, client, transport):
        from google.cloud import kms_v1
        self.suite, self.client, self.kms, self.transport = suite, client, kms_v1, transport

    def refused(self, what, kind, words, call, /, **request):
        """It is refused with this class of the client's exceptions, and says this."""
        from google.api_core import exceptions
        try:
            answer = getattr(self.client, call)(request=request)
        except exceptions.GoogleAPICallError as error:
            # Over REST the client goes by the HTTP status alone.
            kinds = (kind, BY_STATUS.get(kind, kind)) if self.transport == "rest" else (kind,)
            good = type(error).__name__ in kinds and words in str(error)
            return self.suite.ok(f"{self.transport}: {what}", good, f"{type(error).__name__}: {error}\nwanted {kind}: {words}")
        return self.suite.ok(f"{self.transport}: {what}", False, f"it answered {answer}")

    def equal(self, name, got, wanted):
        return self.suite.equal(f"{self.transport}: {name}", got, wanted)

    def ok(self, name, good, detail=""):
        return self.suite.ok(f"{self.transport}: {name}", good, detail)
