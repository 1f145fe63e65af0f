// For Linux only, and for tests only. Declarations of our own, from our reading of Apple's documentation; see Shims/Security.

import Foundation
import Security

public enum LAPolicy: Int { case deviceOwnerAuthenticationWithBiometrics = 1, deviceOwnerAuthentication = 2 }

public class LAContext: NSObject, Asking {
    public var localizedReason = ""
    public private(set) var evaluatedPolicyDomainState: Data?

    public func canEvaluatePolicy(_ policy: LAPolicy, error: UnsafeMutablePointer<NSError?>?) -> Bool {
        let person = Chip.shared.person
        evaluatedPolicyDomainState = person.enrolled
        let code = !person.hasPasscode ? -5 : policy == .deviceOwnerAuthenticationWithBiometrics && person.enrolled == nil ? -7 : 0
        if code != 0 { error?.pointee = NSError(domain: "com.apple.LocalAuthentication", code: code) }
        return code == 0
    }
}
