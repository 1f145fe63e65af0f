// For Linux only, and for compiling only: nothing is drawn. Declarations of our own, written from our reading of Apple's documentation;
// what compiles against them has been checked against that reading, not against Apple's SDK. Only what the app uses is here.

@_exported import Foundation

@MainActor
public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}

extension Never: View {
    public var body: Never { fatalError("nothing is drawn here") }
}

/// A view that the system draws.
public protocol Drawn: View where Body == Never {}

extension Drawn {
    public var body: Never { fatalError("nothing is drawn here") }
}

public struct EmptyView: Drawn { public init() {} }

extension Optional: View where Wrapped: View {
    public var body: Never { fatalError("nothing is drawn here") }
}

public struct Several: Drawn {}

@MainActor
@resultBuilder
public enum ViewBuilder {
    public static func buildExpression<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock() -> EmptyView { EmptyView() }
    public static func buildBlock<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock<First: View, Second: View, each Content: View>(
        _ first: First, _ second: Second, _ content: repeat each Content
    ) -> Several { Several() }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<Content: View>(first: Content) -> Several { Several() }
    public static func buildEither<Content: View>(second: Content) -> Several { Several() }
}

public struct Text: Drawn {
    public init<S: StringProtocol>(_ content: S) {}
}

extension Text {
    public func monospacedDigit() -> Text { self }
    public func bold() -> Text { self }
    public func font(_ font: Font?) -> Text { self }
    public func foregroundStyle(_ style: Color) -> Text { self }
}

public struct Label: Drawn {
    public init<S: StringProtocol>(_ title: S, systemImage: String) {}
}

public struct Spacer: Drawn { public init() {} }
public struct ProgressView: Drawn { public init() {} }

public enum ButtonRole: Sendable { case destructive, cancel }

public struct Button<Content: View>: Drawn {
    public init(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Content) {}
}

extension Button where Content == Text {
    public init<S: StringProtocol>(_ title: S, action: @escaping @MainActor () -> Void) {}
    public init<S: StringProtocol>(_ title: S, role: ButtonRole?, action: @escaping @MainActor () -> Void) {}
}

public enum HorizontalAlignment { case leading, center, trailing }
public enum TextAlignment { case leading, center, trailing }

public struct VStack<Content: View>: Drawn {
    public init(alignment: HorizontalAlignment = .center, spacing: Double? = nil, @ViewBuilder content: () -> Content) {}
}

public struct HStack<Content: View>: Drawn {
    public init(spacing: Double? = nil, @ViewBuilder content: () -> Content) {}
}

public struct List<Content: View>: Drawn { public init(@ViewBuilder content: () -> Content) {} }
public struct Form<Content: View>: Drawn { public init(@ViewBuilder content: () -> Content) {} }

public struct Section<Content: View>: Drawn {
    public init(@ViewBuilder content: () -> Content) {}
    public init<S: StringProtocol>(_ title: S, @ViewBuilder content: () -> Content) {}
}

public struct ForEach<Items: RandomAccessCollection, ID: Hashable, Content: View>: Drawn {
    public init(_ items: Items, id: KeyPath<Items.Element, ID>, @ViewBuilder content: @escaping (Items.Element) -> Content) {}
}

extension ForEach where Items.Element: Identifiable, ID == Items.Element.ID {
    public init(_ items: Items, @ViewBuilder content: @escaping (Items.Element) -> Content) {}
}

public struct NavigationStack<Content: View>: Drawn { public init(@ViewBuilder root: () -> Content) {} }

public struct NavigationLink<Content: View, Destination: View>: Drawn {
    public init(@ViewBuilder destination: () -> Destination, @ViewBuilder label: () -> Content) {}
}

public struct TextField: Drawn {
    public init<S: StringProtocol>(_ title: S, text: Binding<String>) {}
}

public struct Toggle: Drawn {
    public init<S: StringProtocol>(_ title: S, isOn: Binding<Bool>) {}
}

public struct Stepper: Drawn {
    public init<S: StringProtocol, V: Strideable>(_ title: S, value: Binding<V>, in bounds: ClosedRange<V>) {}
}

public struct ShareLink<Content: View>: Drawn {
    public init(item: String, @ViewBuilder label: () -> Content) {}
    public init(item: URL, @ViewBuilder label: () -> Content) {}
}

public struct Canvas: Drawn {
    public init(renderer: @escaping (inout GraphicsContext, CGSize) -> Void) {}
}

public struct Path {
    public init() {}
    public init(_ rect: CGRect) {}
    public mutating func move(to point: CGPoint) {}
    public mutating func addLine(to point: CGPoint) {}
}

public struct GraphicsContext {
    public struct Shading { public static func color(_ color: Color) -> Shading { Shading() } }
    public func fill(_ path: Path, with shading: Shading) {}
    public func stroke(_ path: Path, with shading: Shading, lineWidth: Double = 1) {}
}

public struct Color: Drawn, Sendable {
    public nonisolated static var black: Color { Color() }
    public nonisolated static var white: Color { Color() }
    public nonisolated static var secondary: Color { Color() }
    public nonisolated static var accentColor: Color { Color() }
    nonisolated init() {}
}

public struct Font: Sendable {
    public static let largeTitle = Font(), title = Font(), title2 = Font(), title3 = Font(), subheadline = Font(), footnote = Font()
}
