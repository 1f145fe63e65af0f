import Foundation

/// The link in a tapped link, a scanned code of the camera app or a shared text: what `Scan.text` reads. Nothing is fetched.
///
/// Universal links of `host`, where your app's `apple-app-site-association` lies, and Hazel's own scheme. The payload is in the
/// fragment: the host never sees it.
public func linkIn(_ url: URL, host: String? = nil) -> String? {
    let text = url.absoluteString
    switch url.scheme?.lowercased() {
    case "hazel": return text
    case "https":
        // Somebody else's page may look like ours; whose it is, the core judges again.
        guard let given = url.host?.lowercased() else { return nil }
        return host.map { given == $0.lowercased() } ?? true ? text : nil
    default: return nil
    }
}

#if canImport(UIKit)
/// The link that opened the app, if one did: for `onContinueUserActivity(NSUserActivityTypeBrowsingWeb)` and for a scene's start.
public func linkIn(_ activity: NSUserActivity, host: String? = nil) -> String? {
    guard activity.activityType == NSUserActivityTypeBrowsingWeb else { return nil }
    return activity.webpageURL.flatMap { linkIn($0, host: host) }
}
#endif
