package import HTTPCore

/// A token that must be fetched before a call can carry it: whom to ask and how, how the answer is read, where the token goes. Pure data; `CloudAuth` acts on it.
///
/// Holds secrets: never printed.
package struct TokenGrant: Equatable, Sendable {
    /// How the issuer is asked.
    package enum Request: Equatable, Sendable {
        /// As the address says, with no body: what proves the right to a token stands in its query (Baidu v1, contract providers §11.1).
        case plain(HTTPMethod)
        /// By a `GET` that is signed with Baidu's access keys (contract providers §11.2).
        case signed(BCEKeys)
        /// By `POST` of an assertion that a service account signs (RFC 7523 §2.1; contract providers §9).
        case assertion(ServiceAccount)
    }

    /// Where the token goes in a call.
    package enum Placement: Equatable, Sendable {
        /// `Authorization: Bearer {token}`.
        case bearer
        /// A member of the query.
        case query(String)
    }

    /// The address that gives tokens; absolute.
    package var address: String
    package var request: Request
    package var placement: Placement
    /// The member of the answer that is the token.
    package var tokenMember = "access_token"
    /// The member of the answer that tells for how many seconds the token is good.
    package var lifetimeMember = "expires_in"
    /// For how many seconds a token is good whose answer does not say.
    package var assumedLifetime = 600
    /// How long before its end a token is no longer used.
    package var margin: Duration = .seconds(300)
    /// The codes of errors, beside status 401, by which the upstream says that a token is not good or no longer.
    package var expiredCodes: Set<String> = []

    /// A grant whose answer has the form of OAuth 2.0 (RFC 6749 §5.1).
    package init(address: String, request: Request, placement: Placement = .bearer) {
        self.address = address
        self.request = request
        self.placement = placement
    }
}

/// What is needed of a Google service account's key file to sign for it. Holds the private key: never printed.
package struct ServiceAccount: Equatable, Sendable {
    /// `client_email`.
    package var email: String
    /// `private_key_id`; empty when the file has none.
    package var keyID: String
    /// `private_key`, in PEM.
    package var privateKey: String
    /// What the token is for, such as `https://www.googleapis.com/auth/cloud-platform`.
    package var scope: String

    package init(email: String, keyID: String, privateKey: String, scope: String) {
        self.email = email
        self.keyID = keyID
        self.privateKey = privateKey
        self.scope = scope
    }
}

/// An access key of Baidu's and its secret. Never printed.
package struct BCEKeys: Equatable, Sendable {
    package var accessKey: String
    package var secretKey: String

    package init(accessKey: String, secretKey: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
    }
}
