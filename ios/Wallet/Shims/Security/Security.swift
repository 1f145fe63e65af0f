// For Linux only, and for tests only. Declarations of our own, written from our reading of Apple's documentation: what compiles against
// them has been checked against that reading, not against Apple's SDK. Behind them is a chip that protects nothing and does what a test
// tells it to. Only what Hazel uses is here.

import Foundation

// On Linux nothing is bridged: the types of Core Foundation are Swift's own here.
public typealias CFDictionary = [String: Any]
public typealias CFString = String
public typealias CFData = Data
public typealias CFTypeRef = Any
public typealias CFAllocator = AnyObject
public typealias OSStatus = Int32

public final class CFError {
    let domain: String
    let code: Int
    init(_ domain: String, _ code: Int) { (self.domain, self.code) = (domain, code) }
}

public func CFErrorGetDomain(_ error: CFError) -> CFString { error.domain }
public func CFErrorGetCode(_ error: CFError) -> Int { error.code }

public let errSecSuccess: OSStatus = 0
public let errSecItemNotFound: OSStatus = -25300
private let errSecDuplicateItem: OSStatus = -25299

public let kSecClass = "class"
public let kSecClassKey = "keys"
public let kSecClassGenericPassword = "genp"
public let kSecAttrApplicationTag = "atag"
public let kSecAttrKeyType = "type"
public let kSecAttrKeyTypeECSECPrimeRandom = "73"
public let kSecAttrKeySizeInBits = "bsiz"
public let kSecAttrTokenID = "tkid"
public let kSecAttrTokenIDSecureEnclave = "com.apple.setoken"
public let kSecAttrIsPermanent = "perm"
public let kSecAttrAccessControl = "accc"
public let kSecAttrAccessible = "pdmn"
public let kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly = "cku"
public let kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly = "akpu"
public let kSecAttrService = "svce"
public let kSecAttrAccount = "acct"
public let kSecPrivateKeyAttrs = "private"
public let kSecReturnRef = "r_Ref"
public let kSecReturnData = "r_Data"
public let kSecValueData = "v_Data"
public let kSecUseAuthenticationContext = "u_AuthCtx"
public let kSecUseDataProtectionKeychain = "nleg"

public struct SecAccessControlCreateFlags: OptionSet {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let userPresence = Self(rawValue: 1)
    public static let biometryCurrentSet = Self(rawValue: 8)
    public static let privateKeyUsage = Self(rawValue: 1 << 30)
}

public final class SecAccessControl {
    let accessible: String
    let flags: SecAccessControlCreateFlags
    init(_ accessible: String, _ flags: SecAccessControlCreateFlags) { (self.accessible, self.flags) = (accessible, flags) }
}

public struct SecKeyAlgorithm: Sendable {
    public static let eciesEncryptionCofactorVariableIVX963SHA256AESGCM = Self()
}

public final class SecKey: @unchecked Sendable {
    let bytes: [UInt8]
    let tag: Data
    let access: SecAccessControl
    init(_ tag: Data, _ access: SecAccessControl) {
        bytes = (0..<32).map { _ in UInt8.random(in: 0...255) }
        (self.tag, self.access) = (tag, access)
    }
}

/// The chip and the keychain of one phone, and the person who holds it.
public final class Chip: @unchecked Sendable {
    public static let shared = Chip()

    private let lock = NSLock()
    private var keys: [SecKey] = []
    private var items: [String: Data] = [:]
    private var state = Person()

    public struct Person: Sendable {
        /// Whether the phone has a passcode.
        public var hasPasscode = true
        /// The faces and fingers that are enrolled.
        public var enrolled: Data? = Data("one finger".utf8)
        /// What the next question ends with, in Apple's domain and code; nothing if the person says yes.
        public var refusal: (domain: String, code: Int)?
        /// How often the person was asked.
        public var asked = 0
        /// What they were told.
        public var reason = ""
        /// How every access to the keychain ends, if not well.
        public var keychain: OSStatus = 0
        public init() {}
    }

    public var person: Person {
        get { lock.withLock { state } }
        set { lock.withLock { state = newValue } }
    }

    /// A new phone.
    public func clear() {
        lock.withLock { (keys, items, state) = ([], [:], Person()) }
    }

    /// The passcode is taken away: what was kept only while there was one is gone.
    public func removePasscode() {
        lock.withLock {
            state.hasPasscode = false
            state.enrolled = nil
            keys.removeAll { $0.access.accessible == kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly }
        }
    }

    func add(_ key: SecKey) { lock.withLock { keys.append(key) } }

    func find(_ query: CFDictionary) -> (OSStatus, CFTypeRef?) {
        lock.withLock {
            if state.keychain != 0 { return (state.keychain, nil) }
            let found: Any? = isKey(query) ? keys.first { $0.tag == tag(query) } : items[name(query)]
            return found.map { (errSecSuccess, $0) } ?? (errSecItemNotFound, nil)
        }
    }

    func add(_ item: CFDictionary) -> OSStatus {
        lock.withLock {
            if state.keychain != 0 { return state.keychain }
            if items[name(item)] != nil { return errSecDuplicateItem }
            items[name(item)] = item[kSecValueData] as? Data
            return errSecSuccess
        }
    }

    func remove(_ query: CFDictionary) -> OSStatus {
        lock.withLock {
            if state.keychain != 0 { return state.keychain }
            let before = keys.count
            if isKey(query) {
                keys.removeAll { $0.tag == tag(query) }
                return keys.count < before ? errSecSuccess : errSecItemNotFound
            }
            return items.removeValue(forKey: name(query)) == nil ? errSecItemNotFound : errSecSuccess
        }
    }

    /// Asks the person, where the key wants that. Answers the refusal.
    func ask(_ key: SecKey, _ reason: String) -> (domain: String, code: Int)? {
        lock.withLock {
            if state.keychain != 0 { return ("NSOSStatusErrorDomain", Int(state.keychain)) }
            guard key.access.flags.contains(.userPresence) || key.access.flags.contains(.biometryCurrentSet) else { return nil }
            state.asked += 1
            state.reason = reason
            return state.refusal
        }
    }

    private func isKey(_ query: CFDictionary) -> Bool { query[kSecClass] as? String == kSecClassKey }
    private func tag(_ query: CFDictionary) -> Data? { query[kSecAttrApplicationTag] as? Data }
    private func name(_ query: CFDictionary) -> String { "\(query[kSecAttrService] ?? "") \(query[kSecAttrAccount] ?? "")" }
}

public protocol Asking: AnyObject { var localizedReason: String { get } }
private final class Contexts: @unchecked Sendable {
    static let shared = Contexts()
    private let lock = NSLock()
    private var reasons: [ObjectIdentifier: String] = [:]
    func set(_ key: SecKey, _ reason: String) { lock.withLock { reasons[ObjectIdentifier(key)] = reason } }
    func reason(_ key: SecKey) -> String { lock.withLock { reasons[ObjectIdentifier(key)] ?? "" } }
}

public func SecAccessControlCreateWithFlags(
    _ allocator: CFAllocator?, _ protection: CFTypeRef, _ flags: SecAccessControlCreateFlags,
    _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> SecAccessControl? { SecAccessControl(protection as? String ?? "", flags) }

public func SecKeyCreateRandomKey(
    _ parameters: CFDictionary, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> SecKey? {
    let own = parameters[kSecPrivateKeyAttrs] as? [String: Any]
    guard let tag = own?[kSecAttrApplicationTag] as? Data, let access = own?[kSecAttrAccessControl] as? SecAccessControl,
        parameters[kSecAttrTokenID] as? String == kSecAttrTokenIDSecureEnclave, access.flags.contains(.privateKeyUsage)
    else {
        error?.pointee = .passRetained(CFError("NSOSStatusErrorDomain", -50))
        return nil
    }
    let key = SecKey(tag, access)
    Chip.shared.add(key)
    return key
}

public func SecKeyCopyPublicKey(_ key: SecKey) -> SecKey? { key }

public func SecKeyCreateEncryptedData(
    _ key: SecKey, _ algorithm: SecKeyAlgorithm, _ plaintext: CFData, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> CFData? {
    // 65 bytes of a public point and 16 of a tag are added by the real one.
    let body = zip(plaintext, key.bytes + key.bytes).map { $0 ^ $1 }
    return Data(key.bytes.map { $0 ^ 0xaa } + [UInt8](repeating: 4, count: 49) + body)
}

public func SecKeyCreateDecryptedData(
    _ key: SecKey, _ algorithm: SecKeyAlgorithm, _ ciphertext: CFData, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> CFData? {
    if let refused = Chip.shared.ask(key, Contexts.shared.reason(key)) {
        error?.pointee = .passRetained(CFError(refused.domain, refused.code))
        return nil
    }
    let bytes = [UInt8](ciphertext)
    guard bytes.count > 81, Array(bytes.prefix(32)) == key.bytes.map({ $0 ^ 0xaa }) else {
        error?.pointee = .passRetained(CFError("NSOSStatusErrorDomain", -50))
        return nil
    }
    return Data(zip(bytes.dropFirst(81), key.bytes + key.bytes).map { $0 ^ $1 })
}

public func SecItemCopyMatching(_ query: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus {
    let (status, found) = Chip.shared.find(query)
    if let key = found as? SecKey, let context = query[kSecUseAuthenticationContext] as? any Asking {
        Contexts.shared.set(key, context.localizedReason)
    }
    result?.pointee = found
    return status
}

public func SecItemAdd(_ attributes: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus {
    Chip.shared.add(attributes)
}

public func SecItemDelete(_ query: CFDictionary) -> OSStatus { Chip.shared.remove(query) }
