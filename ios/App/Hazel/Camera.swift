import SwiftUI
import WalletScreens

#if canImport(AVFoundation) && canImport(UIKit)
import AVFoundation
import UIKit

/// The camera's picture. The system's own reader finds the codes; what they mean, the wallet's scanner says. Parsed here and never
/// compiled: neither framework has a stand-in.
struct Camera: UIViewRepresentable {
    let found: @MainActor (String) -> Void
    let refused: @MainActor (Mishap) -> Void

    func makeUIView(context: Context) -> CameraView { CameraView(found: found, refused: refused) }
    func updateUIView(_ view: CameraView, context: Context) {}
    static func dismantleUIView(_ view: CameraView, coordinator: ()) { view.stop() }
}

/// One session of the camera, as long as it is on the screen.
final class CameraView: UIView, AVCaptureMetadataOutputObjectsDelegate {
    private let found: @MainActor (String) -> Void
    private let refused: @MainActor (Mishap) -> Void
    private let session = AVCaptureSession()
    // Starting blocks: never on the main thread.
    private let queue = DispatchQueue(label: "org.hazel.camera")

    override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

    init(found: @escaping @MainActor (String) -> Void, refused: @escaping @MainActor (Mishap) -> Void) {
        self.found = found
        self.refused = refused
        super.init(frame: .zero)
        isAccessibilityElement = true
        accessibilityLabel = Phrase("camera_spoken").text
        AVCaptureDevice.requestAccess(for: .video) { [weak self] granted in
            DispatchQueue.main.async { granted ? self?.start() : self?.refuse(Phrase("camera_refused")) }
        }
    }

    @available(*, unavailable)
    required init?(coder: NSCoder) { fatalError("made in code only") }

    func stop() {
        let session = session
        queue.async { session.stopRunning() }
    }

    private func start() {
        let output = AVCaptureMetadataOutput()
        guard let device = AVCaptureDevice.default(for: .video), let input = try? AVCaptureDeviceInput(device: device),
            session.canAddInput(input), session.canAddOutput(output)
        else { return refuse(Phrase("camera_none")) }
        session.addInput(input)
        session.addOutput(output)
        output.setMetadataObjectsDelegate(self, queue: .main)
        output.metadataObjectTypes = [.qr]
        let preview = layer as? AVCaptureVideoPreviewLayer
        preview?.session = session
        preview?.videoGravity = .resizeAspectFill
        let session = session
        queue.async { session.startRunning() }
    }

    private func refuse(_ phrase: Phrase) { refused(Mishap(text: phrase)) }

    func metadataOutput(
        _ output: AVCaptureMetadataOutput, didOutput objects: [AVMetadataObject], from connection: AVCaptureConnection
    ) {
        for case let code as AVMetadataMachineReadableCodeObject in objects {
            if let text = code.stringValue { found(text) }
        }
    }
}
#else
/// No camera: the text is pasted.
struct Camera: View {
    let found: @MainActor (String) -> Void
    let refused: @MainActor (Mishap) -> Void
    @State private var text = ""

    var body: some View {
        VStack {
            TextField(Phrase("paste_code").text, text: $text).accessibilityLabel(Phrase("paste_code").text)
            Button(Phrase("read_code").text) { found(text) }
        }
    }
}
#endif
