package org.hazel.app

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.view.Surface
import android.view.TextureView
import android.view.View
import java.nio.ByteBuffer

/** What the camera sees, and each frame's brightness for whoever reads codes. Without a permission, or a camera, it stays dark. */
@SuppressLint("MissingPermission") // The activity asks; without the permission opening fails, and that is caught.
class CameraView(context: Context) : TextureView(context), TextureView.SurfaceTextureListener {
    var sees: (ByteBuffer, Int, Int, Int) -> Unit = { _, _, _, _ -> }
    private var thread: HandlerThread? = null
    private var camera: CameraDevice? = null
    private var reader: ImageReader? = null

    init {
        surfaceTextureListener = this
    }

    override fun onMeasure(width: Int, height: Int) {
        val side = View.MeasureSpec.getSize(width)
        setMeasuredDimension(side, side)
    }

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) {
        val cameras = context.getSystemService(CameraManager::class.java) ?: return
        val own = HandlerThread("hazel-camera").apply { start() }
        thread = own
        val handler = Handler(own.looper)
        try {
            val back = cameras.cameraIdList.firstOrNull {
                cameras.getCameraCharacteristics(it).get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_BACK
            } ?: return
            cameras.openCamera(back, opened(texture, handler), handler)
        } catch (_: CameraAccessException) {
            close()
        } catch (_: SecurityException) {
            close()
        }
    }

    private fun opened(texture: SurfaceTexture, handler: Handler) = object : CameraDevice.StateCallback() {
        override fun onOpened(device: CameraDevice) {
            camera = device
            texture.setDefaultBufferSize(WIDTH, HEIGHT)
            val screen = Surface(texture)
            val frames = ImageReader.newInstance(WIDTH, HEIGHT, ImageFormat.YUV_420_888, 2)
            frames.setOnImageAvailableListener({ read(it) }, handler)
            reader = frames
            @Suppress("DEPRECATION") // The newer way begins with Android 9.
            device.createCaptureSession(listOf(screen, frames.surface), object : CameraCaptureSession.StateCallback() {
                override fun onConfigured(session: CameraCaptureSession) {
                    val wish = device.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
                    wish.addTarget(screen)
                    wish.addTarget(frames.surface)
                    wish.set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE)
                    session.setRepeatingRequest(wish.build(), null, handler)
                }

                override fun onConfigureFailed(session: CameraCaptureSession) = close()
            }, handler)
        }

        override fun onDisconnected(device: CameraDevice) = close()

        override fun onError(device: CameraDevice, error: Int) = close()
    }

    /** Only brightness is read; of frames that come while one is read, the newest is next. */
    private fun read(from: ImageReader) {
        from.acquireLatestImage()?.use { image ->
            val plane = image.planes[0]
            sees(plane.buffer, image.width, image.height, plane.rowStride)
        }
    }

    private fun close() {
        camera?.close()
        camera = null
        reader?.close()
        reader = null
        thread?.quitSafely()
        thread = null
    }

    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
        close()
        return true
    }

    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int) = Unit

    override fun onSurfaceTextureUpdated(texture: SurfaceTexture) = Unit

    private companion object {
        const val WIDTH = 1280
        const val HEIGHT = 720
    }
}
