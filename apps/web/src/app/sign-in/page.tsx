import { SignIn } from '@/features/session/sign-in.tsx';

export const metadata = { title: 'Sign in' };

export default function SignInRoute() {
  return <SignIn />;
}
