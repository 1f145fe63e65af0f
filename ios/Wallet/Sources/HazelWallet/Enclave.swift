#if canImport(Security) && canImport(LocalAuthentication)
import Foundation
import HazelBridge
@preconcurrency import LocalAuthentication
@preconcurrency import Security

/// Guards the wallet's key with one that never leaves the Secure Enclave. `wrap` asks nobody; `unwrap` asks the person as ``Guarding``
/// says, and waits for the answer on the calling thread, which is never the main one.
///
/// Both live in this device's keychain and in no backup: a wallet that moves to another phone is restored from its recovery words.
public final class Enclave: KeyStore, Sendable {
    private let alias: String
    private let guarding: Guarding
    private let reason: String

    private static let form: UInt8 = 1
    private static let least = 64
    private static let algorithm = SecKeyAlgorithm.eciesEncryptionCofactorVariableIVX963SHA256AESGCM

    /// `reason` is what the person reads when they are asked: "to open your wallet", in their language.
    public init(alias: String = "hazel-wallet", guarding: Guarding = .presence, reason: String) {
        self.alias = alias
        self.guarding = guarding
        self.reason = reason
    }

    public func wrap(secret: Data) throws -> Data {
        let standing = try standing()
        // A key that is lost has nothing left to guard.
        if standing.isLost { try delete() }
        let kept = standing.isLost ? nil : try key(LAContext())
        guard let open = SecKeyCopyPublicKey(try kept ?? generate(standing)) else {
            throw KeyStoreError.Failed(reason: "no public key")
        }
        var error: Unmanaged<CFError>?
        guard let wrapped = SecKeyCreateEncryptedData(open, Self.algorithm, secret as CFData, &error) as Data? else {
            throw refusal(for: said(error))
        }
        return Data([Self.form]) + wrapped
    }

    public func unwrap(wrapped: Data) throws -> Data {
        guard wrapped.first == Self.form, wrapped.count > Self.least else { throw KeyStoreError.Damaged }
        if try standing().isLost { throw KeyStoreError.Invalidated }
        let context = LAContext()
        context.localizedReason = reason
        guard let key = try key(context) else { throw KeyStoreError.Invalidated }
        var error: Unmanaged<CFError>?
        guard let secret = SecKeyCreateDecryptedData(key, Self.algorithm, wrapped.dropFirst() as CFData, &error) as Data? else {
            throw refusal(for: said(error))
        }
        return secret
    }

    public func delete() throws {
        for query in [keyQuery, markQuery] {
            let status = SecItemDelete(query as CFDictionary)
            if status != errSecSuccess, status != errSecItemNotFound { throw refusal(for: Said(status)) }
        }
    }

    public func status() throws -> KeyStatus { try standing().status }

    private func standing() throws -> Standing {
        // Looking for a key asks nobody; using it does.
        let hasKey = try key(LAContext()) != nil
        let context = LAContext()
        var problem: NSError?
        let policy: LAPolicy = guarding == .enrolled ? .deviceOwnerAuthenticationWithBiometrics : .deviceOwnerAuthentication
        let isGuarded = guarding == .phone || context.canEvaluatePolicy(policy, error: &problem)
        return Standing(
            hasKey: hasKey,
            enrolledThen: try mark(),
            enrolledNow: guarding == .enrolled ? context.evaluatedPolicyDomainState : nil,
            obstacle: isGuarded ? nil : problem.map { Said(domain: $0.domain, code: $0.code) })
    }

    private func key(_ context: LAContext) throws -> SecKey? {
        var query = keyQuery
        query[kSecReturnRef as String] = true
        query[kSecUseAuthenticationContext as String] = context
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        if status == errSecItemNotFound { return nil }
        guard status == errSecSuccess, let found else { throw refusal(for: Said(status)) }
        // The query asks for a key and for nothing else; there is no checked cast to a type of Core Foundation.
        return (found as! SecKey)
    }

    private func generate(_ standing: Standing) throws -> SecKey {
        if let obstacle = standing.obstacle { throw refusal(for: obstacle) }
        var error: Unmanaged<CFError>?
        guard let access = SecAccessControlCreateWithFlags(nil, accessible as CFTypeRef, flags, &error) else {
            throw refusal(for: said(error))
        }
        // Noted first: a key without a note would be taken for one that never was.
        try note(standing.enrolledNow ?? Data())
        let own: [String: Any] = [
            kSecAttrIsPermanent as String: true,
            kSecAttrApplicationTag as String: Data(alias.utf8),
            kSecAttrAccessControl as String: access,
        ]
        let wanted: [String: Any] = [
            kSecAttrKeyType as String: kSecAttrKeyTypeECSECPrimeRandom,
            kSecAttrKeySizeInBits as String: 256,
            kSecAttrTokenID as String: kSecAttrTokenIDSecureEnclave,
            kSecUseDataProtectionKeychain as String: true,
            kSecPrivateKeyAttrs as String: own,
        ]
        if let key = SecKeyCreateRandomKey(wanted as CFDictionary, &error) { return key }
        let refused = refusal(for: said(error))
        _ = SecItemDelete(markQuery as CFDictionary)
        throw refused
    }

    private var accessible: CFString {
        guarding == .phone ? kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly : kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly
    }

    private var flags: SecAccessControlCreateFlags {
        switch guarding {
        case .phone: [.privateKeyUsage]
        case .presence: [.privateKeyUsage, .userPresence]
        case .enrolled: [.privateKeyUsage, .biometryCurrentSet]
        }
    }

    private var keyQuery: [String: Any] {
        [
            kSecClass as String: kSecClassKey,
            kSecAttrApplicationTag as String: Data(alias.utf8),
            kSecAttrKeyType as String: kSecAttrKeyTypeECSECPrimeRandom,
            kSecUseDataProtectionKeychain as String: true,
        ]
    }

    /// A note that the key was made, and under which faces and fingers: what tells "gone for good" from "never there".
    private var markQuery: [String: Any] {
        [
            kSecClass as String: kSecClassGenericPassword,
            kSecAttrService as String: alias,
            kSecAttrAccount as String: "enrolled",
            kSecUseDataProtectionKeychain as String: true,
        ]
    }

    private func mark() throws -> Data? {
        var query = markQuery
        query[kSecReturnData as String] = true
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        if status == errSecItemNotFound { return nil }
        guard status == errSecSuccess else { throw refusal(for: Said(status)) }
        return found as? Data ?? Data()
    }

    private func note(_ enrolled: Data) throws {
        _ = SecItemDelete(markQuery as CFDictionary)
        var item = markQuery
        item[kSecAttrAccessible as String] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
        item[kSecValueData as String] = enrolled
        let status = SecItemAdd(item as CFDictionary, nil)
        guard status == errSecSuccess else { throw refusal(for: Said(status)) }
    }

    private func said(_ error: Unmanaged<CFError>?) -> Said {
        guard let error = error?.takeRetainedValue() else { return Said(domain: "", code: 0) }
        return Said(domain: (CFErrorGetDomain(error) as String?) ?? "", code: CFErrorGetCode(error))
    }
}

extension Said {
    init(_ status: OSStatus) { self.init(domain: Said.status, code: Int(status)) }
}
#endif
